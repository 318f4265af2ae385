import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Environment } from '../environment.js';
import { escaped } from './format.js';

/** Output of lines for people. */
export interface LineOutput {
  readonly colors: Colors;
  readonly columns: number;
  line(text?: string): void;
}

/** Output of lines, with a status line below them on a terminal. */
export interface Output extends LineOutput {
  /** Shows a status line below all lines; null removes it. Does nothing without a terminal. */
  status(text: string | null): void;
}

/** Longer lines are hard to read. */
export const MAX_COLUMNS = 100;
const CLEAR_LINE = '\r\u001B[2K';

/** True for a terminal that can move the cursor. */
export function isTerminal(stream: NodeJS.WriteStream, env: Environment = process.env): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** Colours for a stream. picocolors decides for stdout only, and colours pipes where CI is set. */
export function colorsOf(stream: NodeJS.WriteStream, env: Environment = process.env): Colors {
  const forced = env['FORCE_COLOR'];
  const isForced = forced !== undefined && forced !== '' && forced !== '0' && forced !== 'false';
  return createColors(!env['NO_COLOR'] && (isForced || (isTerminal(stream, env) && forced === undefined)));
}

/** Creates an output on stdout or stderr; colours and the status line need a terminal. */
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

/** Writes a value as one line of JSON. JSON leaves U+007F to U+009F as they are, and a terminal takes some as commands. */
export function writeJson(stream: NodeJS.WriteStream, value: unknown): void {
  stream.write(`${JSON.stringify(value).replaceAll(/[\u007F-\u009F]/g, escaped)}\n`);
}

/**
 * Calls back when the reader of a pipe has gone, as with `| head`. Without a listener the error would end the process.
 */
export function onceUnread(stream: NodeJS.WriteStream, unread: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    unread();
  });
}
