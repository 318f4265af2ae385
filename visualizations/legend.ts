import type { EdgeKind } from './edges.js';
import { lineWidth, SIGN, word, type Word } from './labels.js';

export type Sign = EdgeKind | 'reenters';

/** Drawn in 12 x 12: a person, a letter, a clock, a diamond, a tick, a cross, a loop. */
export const SIGNS: Readonly<Record<Sign, string>> = {
  command: 'M6 0.9a2.3 2.3 0 1 1 0 4.6a2.3 2.3 0 1 1 0 -4.6M1.6 11.2a4.4 4 0 0 1 8.8 0Z',
  report: 'M0.8 2.2H11.2V9.8H0.8ZM0.8 2.6L6 6.8L11.2 2.6',
  time: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0 -10M6 3.2V6L8.2 7.4',
  always: 'M6 0.8L11.2 6L6 11.2L0.8 6Z',
  done: 'M1 6.4L4.6 10L11 2.2',
  error: 'M1.8 1.8L10.2 10.2M10.2 1.8L1.8 10.2',
  reenters: 'M9.6 3.4A4.6 4.6 0 1 0 10.6 6.6M10 0.8V3.8H7',
};

const WORDS: Readonly<Record<Sign, string>> = {
  command: 'command of the user',
  report: 'report of the gateway, an actor or another chart',
  time: 'time is up',
  always: 'at once, if the guard holds',
  done: 'actor done',
  error: 'actor failed',
  reenters: 'leaves and re-enters its state',
};

interface Entry {
  readonly sign: Sign;
  readonly words: readonly Word[];
  /** From the left of the picture, and from the bottom of the chart to the baseline. */
  readonly x: number;
  readonly y: number;
}

const GAP = 22;
const MARGIN = 18;
const ROW = 20;

/** The meaning of each sign in a picture, in as many rows as the picture's width needs. */
export function legendOf(kinds: readonly EdgeKind[], reenters: boolean, width: number) {
  const signs = (Object.keys(SIGNS) as Sign[]).filter((sign) =>
    sign === 'reenters' ? reenters : kinds.includes(sign),
  );
  const entries: Entry[] = [];
  let x = MARGIN;
  let row = 0;
  for (const sign of signs) {
    const words = [word(WORDS[sign], 'note')];
    const length = SIGN + lineWidth(words);
    if (x > MARGIN && x + length > width - MARGIN) {
      x = MARGIN;
      row += 1;
    }
    entries.push({ sign, words, x, y: row * ROW + 12 });
    x += length + GAP;
  }
  return { entries, height: signs.length === 0 ? 0 : (row + 1) * ROW + 8 };
}
