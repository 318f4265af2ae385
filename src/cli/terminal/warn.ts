import { printable } from './format.js';

/** Tells what is no result: on stderr, out of the way of people's and programs' reading. */
export function warn(text: string): void {
  process.stderr.write(`shardchart: ${printable(text)}\n`);
}
