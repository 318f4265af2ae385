import { printable } from './format.js';

/** Prints a warning on stderr, apart from the command's output. */
export function warn(text: string): void {
  process.stderr.write(`shardchart: ${printable(text)}\n`);
}
