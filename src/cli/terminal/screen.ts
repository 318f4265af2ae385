import { stripVTControlCharacters } from 'node:util';
import { colorsOf, type LineOutput, MAX_COLUMNS } from './output.js';

/** A terminal with lines that scroll, and below them a block that is redrawn in place. */
export interface Screen extends LineOutput {
  /** Size of the terminal, which limits the block. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Replaces the block; each line must be shorter than the terminal is wide. */
  below(block: readonly string[]): void;
  /** Leaves the block on the screen and shows the cursor again; later blocks are ignored. */
  end(): void;
}

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_BELOW = '\u001B[J';
/** Written after a line's text: clearing the line first would flicker. */
const CLEAR_REST = '\u001B[K';
const up = (rows: number): string => (rows === 0 ? '\r' : `\r\u001B[${rows}A`);

/**
 * Creates a screen. The cursor is hidden from the first block on, and shown again at the latest when the process exits.
 */
export function createScreen(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Screen {
  const colors = colorsOf(stream, env);
  let shown: readonly string[] = [];
  let phase: 'before' | 'during' | 'after' = 'before';
  const columns = (): number => stream.columns || 80;
  const rows = (): number => stream.rows || 24;
  /** Width of the terminal when the block was drawn. */
  let width = columns();
  const showCursor = (): void => void stream.write(SHOW_CURSOR);

  /** Moves the cursor to the block's first row. On a terminal that was narrowed, long lines take several rows. */
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
      // Cleared first: clearing after a text that fills its row would remove its last character.
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
