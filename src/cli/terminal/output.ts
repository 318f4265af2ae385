import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Environment } from '../environment.js';

/** Where a command writes lines for people. */
export interface Lines {
  readonly colors: Colors;
  readonly columns: number;
  line(text?: string): void;
}

/** One line at a time, and on a terminal a status line below them. */
export interface Output extends Lines {
  /** Shows this below all lines until the next call; null takes it away. Nothing where there is no terminal. */
  status(text: string | null): void;
}

/** Wider than this a line is hard to follow. */
export const MAX_COLUMNS = 100;
const CLEAR_LINE = '\r\u001B[2K';

/** Whether it is a terminal that can do more than print lines. */
export function isTerminal(stream: NodeJS.WriteStream, env: Environment = process.env): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** picocolors' own answer is for stdout only, and colours a pipe as soon as CI is set. */
export function colorsOf(stream: NodeJS.WriteStream, env: Environment = process.env): Colors {
  const forced = env['FORCE_COLOR'];
  const isForced = forced !== undefined && forced !== '' && forced !== '0' && forced !== 'false';
  return createColors(!env['NO_COLOR'] && (isForced || (isTerminal(stream, env) && forced === undefined)));
}

/** An output on stdout or stderr, coloured and with a status line only where that is a terminal. */
export function createOutput(stream: NodeJS.WriteStream, env: Environment = process.env): Output {
  const hasStatus = isTerminal(stream, env);
  let shown: string | null = null;
  const columns = (): number => Math.min(MAX_COLUMNS, hasStatus ? stream.columns || 80 : MAX_COLUMNS);
  const colors = colorsOf(stream, env);
  return {
    colors,
    get columns() {
      return columns();
    },
    line(text = '') {
      if (shown === null) stream.write(`${text}\n`);
      else stream.write(`${CLEAR_LINE}${text}\n${shown}`);
    },
    status(text) {
      if (!hasStatus) return;
      const next = text === null ? null : colors.dim(text.slice(0, columns() - 1));
      if (next === shown) return;
      stream.write(`${CLEAR_LINE}${next ?? ''}`);
      shown = next;
    },
  };
}

/** One line of JSON, for programs. */
export function writeJson(stream: NodeJS.WriteStream, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}

/** Calls back once nobody reads the stream any more, as when `| head` has had enough; without it that would be a crash. */
export function onceUnread(stream: NodeJS.WriteStream, unread: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    unread();
  });
}
