import type { Colors } from 'picocolors/types.js';
import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import { fill, paint, showLifecycle } from '../../terminal/format.js';
import type { FleetView, ShardView } from './fleetView.js';
import { budget, headline, showCount, showRate } from './words.js';

/** Colours and size for the table. */
export interface Canvas {
  readonly colors: Colors;
  readonly columns: number;
  readonly rows: number;
}

/** A letter for each state that reads without colour. Connected, the most frequent, gets the least conspicuous mark. */
const LETTERS: Readonly<Record<Lifecycle, string>> = {
  Offline: 'O',
  Connecting: 'C',
  Identifying: 'I',
  Resuming: 'R',
  Connected: '•',
  Disconnected: 'D',
};

const PER_ROW = 50;
const GROUP = 10;

/**
 * Draws the manager and its shards as lines that fit the canvas: a headline, then a row for each shard, or a letter for
 * each where there are too many; the `recent` lines come last.
 */
export function drawTable(view: FleetView, recent: readonly string[], canvas: Canvas): string[] {
  if (view.state === 'Offline' && view.shards.length === 0) return [];
  const { colors } = canvas;
  // The last column is left free because terminals may wrap there, the last row for the cursor.
  const [width, height] = [canvas.columns - 1, canvas.rows - 1];
  // The budget gets its own line: when parts of the headline come and go, nothing below moves.
  const left = budget(view);
  const bold = fill(headline(view), width).map((line) => colors.bold(line.slice(0, width)));
  const head = ['', ...bold, ...(left === '' ? [] : [left.slice(0, width)])];
  const foot = recent.length === 0 ? [] : ['', ...recent.map((line) => colors.dim(line.slice(0, width)))];
  const room = height - head.length - foot.length - 1;
  if (view.shards.length === 0) return [...head, ...foot].slice(0, height);
  const shards =
    view.shards.length + 1 <= room && width >= ROW_WIDTH
      ? drawRows(view.shards, colors)
      : drawGrid(view, { colors, columns: width, rows: room });
  return [...head, '', ...shards, ...foot].slice(0, Math.max(1, height));
}

const COLUMNS = [
  ['latency', 9, ({ latency }: ShardView) => (latency === null ? '-' : `${latency.toFixed(0)} ms`)],
  ['sequence', 11, ({ sequence }: ShardView) => (sequence === null ? '-' : showCount(sequence))],
  ['events/s', 10, ({ rate }: ShardView) => showRate(rate)],
  ['reconnects', 12, ({ connections }: ShardView) => showCount(Math.max(0, connections - 1))],
  ['identifies', 12, ({ identifies }: ShardView) => showCount(identifies)],
] as const;
const ID_WIDTH = 5;
const STATE_WIDTH = 12;
const ROW_WIDTH = ID_WIDTH + 2 + STATE_WIDTH + COLUMNS.reduce((sum, [, width]) => sum + width, 0);

function drawRows(shards: readonly ShardView[], colors: Colors): string[] {
  const names = COLUMNS.map(([name, width]) => name.padStart(width)).join('');
  const heading = `${'shard'.padStart(ID_WIDTH)}  ${'state'.padEnd(STATE_WIDTH)}${names}`;
  const rows = shards.map((shard) => {
    const cells = COLUMNS.map(([, width, show]) => show(shard).padStart(width)).join('');
    return `${String(shard.id).padStart(ID_WIDTH)}  ${showLifecycle(colors, shard.state, STATE_WIDTH)}${cells}`;
  });
  return [colors.dim(heading), ...rows];
}

function drawGrid({ shards, counts }: FleetView, { colors, columns, rows }: Canvas): string[] {
  const present = lifecycles.filter((state) => counts[state] > 0);
  const legend = present.map((state) => `${LETTERS[state]} ${showCount(counts[state])} ${state}`);
  const lines = fill(legend, columns, SPACE).map((line) => paintLegend(colors, line));
  const idWidth = String(shards.at(-1)?.id ?? 0).length;
  const room = Math.max(1, rows - lines.length);
  const perRow = chooseWidth(shards.length, { columns: columns - idWidth - 1, rows: room });
  const starts = Array.from({ length: Math.ceil(shards.length / perRow) }, (_, row) => row * perRow);
  const isCut = starts.length > room;
  const shown = isCut ? starts.slice(0, room - 1) : starts;
  for (const start of shown) {
    const row = shards.slice(start, start + perRow);
    const letters = row.map(({ state }, index) => gap(index) + paint(colors, state, LETTERS[state]));
    lines.push(`${colors.dim(String(row[0]?.id).padStart(idWidth))} ${letters.join('')}`);
  }
  if (isCut)
    lines.push(
      colors.dim(`${showCount(shards.length - shown.length * perRow)} more shards: enlarge the terminal to see them`),
    );
  return lines;
}

const SPACE = '  ';

function paintLegend(colors: Colors, line: string): string {
  const painted = line.split(SPACE).map((part) => {
    const state = lifecycles.find((name) => part.startsWith(`${LETTERS[name]} `));
    return state === undefined ? part : paint(colors, state, part);
  });
  return painted.join(SPACE);
}

/** A space before each group of ten, so that shards are easy to count. */
const gap = (index: number): string => (index % GROUP === 0 ? ' ' : '');

/** Number of shards in a row: 50, or fewer on a narrow terminal; 100 or more where the rows would not fit. */
function chooseWidth(count: number, { columns, rows }: { columns: number; rows: number }): number {
  const widest = Math.max(GROUP, Math.floor(columns / (GROUP + 1)) * GROUP);
  return Math.min(widest, Math.ceil(count / rows / PER_ROW) * PER_ROW);
}
