import { stripVTControlCharacters } from 'node:util';
import { colorsOf, type Lines, MAX_COLUMNS } from './output.js';

/** A terminal with lines that scroll, and below them a block of lines that is written over in place. */
export interface Screen extends Lines {
  /** Of the terminal: how large a block may be. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Shows this block instead of the one before; each line must be shorter than the terminal is wide. */
  below(block: readonly string[]): void;
  /** Leaves the block where it is, and gives the cursor back: from then on there are only lines. */
  end(): void;
}

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_BELOW = '\u001B[J';
/** Behind a text, not before it: a line that is cleared first flickers. */
const CLEAR_REST = '\u001B[K';
const up = (rows: number): string => (rows === 0 ? '\r' : `\r\u001B[${rows}A`);

/** A screen on a terminal. The cursor is hidden from the first block on, and comes back at the latest when the process exits. */
export function createScreen(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Screen {
  const colors = colorsOf(stream, env);
  let shown: readonly string[] = [];
  let phase: 'before' | 'during' | 'after' = 'before';
  const columns = (): number => stream.columns || 80;
  const rows = (): number => stream.rows || 24;
  /** When the block was written. */
  let width = columns();
  const showCursor = (): void => void stream.write(SHOW_CURSOR);

  /** To the first row of the block. A terminal that was made narrower has broken its lines meanwhile. */
  const home = (): string => {
    const heights = shown.map((line) => Math.ceil(stripVTControlCharacters(line).length / columns()) || 1);
    const first = up(heights.reduce((sum, height) => sum + height, 0));
    if (columns() === width) return first;
    shown = [];
    return first + CLEAR_BELOW;
  };
  const write = (before: string, block: readonly string[], isKept: (line: string, row: number) => boolean): void => {
    const text = block.map((line, row) => (isKept(line, row) ? '\n' : `${line}${CLEAR_REST}\n`)).join('');
    stream.write(`${before}${text}${CLEAR_BELOW}`);
    shown = block;
    width = columns();
  };

  return {
    colors,
    get columns() {
      return Math.min(MAX_COLUMNS, columns());
    },
    get size() {
      return { columns: columns(), rows: rows() };
    },
    line(text = '') {
      const block = shown;
      // Cleared first: behind a text that fills its row the last character would go, too.
      write(`${home()}${CLEAR_BELOW}${text}\n`, block, () => false);
    },
    below(block) {
      if (phase === 'after') return;
      if (phase === 'before') {
        phase = 'during';
        stream.write(HIDE_CURSOR);
        process.once('exit', showCursor);
      }
      const isSame = block.length === shown.length && block.every((line, row) => line === shown[row]);
      if (isSame && columns() === width) return;
      const before = home();
      write(before, block, (line, row) => line === shown[row]);
    },
    end() {
      if (phase === 'during') {
        process.off('exit', showCursor);
        showCursor();
      }
      shown = [];
      phase = 'after';
    },
  };
}
