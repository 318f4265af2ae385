import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import { fill, printable, showLifecycle } from '../../terminal/format.js';
import type { Output } from '../../terminal/output.js';
import { showDuration, type WallClock } from './time.js';
import { type AuditTotals, type Ending, type ShardTotals, totalMs } from './totals.js';

/** The list ends after this many shards; the others are only counted. */
const LISTED_SHARDS = 10;
const LISTED_REASONS = 20;

/** Writes totals for people. Times are shown for `states` only. */
export function reportTotals(
  output: Output,
  totals: AuditTotals,
  { states, clock }: { states: ReadonlySet<Lifecycle>; clock: WallClock },
): void {
  const { colors, line } = output;
  const { from, until, shards } = totals;
  if (from === null || until === null) return;
  const range = `${clock.date(from)} ${clock.time(from)} to ${timeOn(from, until, clock)}`;
  line(colors.bold(`${plural(shards.length, 'shard')}, ${range} (${showDuration(until - from)})`));
  line();
  if (totalMs(totals.stateMs) > 0) {
    reportTimes(output, totals, states);
    line();
  }
  reportCounts(output, totals);
  reportEndings(output, totals.endings);
  reportShards(output, shards, { until, clock });
}

/** A time, led by its date where that differs from the date of `known`. */
function timeOn(known: number, at: number, clock: WallClock): string {
  return clock.date(at) === clock.date(known) ? clock.time(at) : `${clock.date(at)} ${clock.time(at)}`;
}

/** A time to the second, or on another day to the minute: the column is narrow. */
function briefly(known: number, at: number, clock: WallClock): string {
  const isSameDay = clock.date(at) === clock.date(known);
  return isSameDay ? clock.time(at).slice(0, 8) : `${clock.date(at).slice(5)} ${clock.time(at).slice(0, 5)}`;
}

function reportTimes({ colors, line }: Output, { stateMs }: AuditTotals, states: ReadonlySet<Lifecycle>): void {
  const all = totalMs(stateMs);
  for (const state of lifecycles.filter((name) => states.has(name))) {
    const text = `${showDuration(stateMs[state]).padStart(10)}  ${share(stateMs[state], all).padStart(7)}`;
    line(`  ${showLifecycle(colors, state, 12)}${stateMs[state] === 0 ? colors.dim(text) : text}`);
  }
}

function reportCounts({ line }: Output, totals: AuditTotals): void {
  const { identifies, ready, resumes, resumed, slotsLost, reconnects, fatal } = totals;
  const counts: readonly (readonly [string, number, string])[] = [
    ['identifies', identifies, `${ready} answered with READY`],
    ['resumes', resumes, `${resumed} answered with RESUMED`],
    ['slots lost', slotsLost, 'the identify limiter failed or its grant ran out'],
    ['reconnects', reconnects, ''],
    ['fatal', fatal, ''],
  ];
  for (const [name, count, text] of counts) {
    if (name === 'slots lost' && count === 0) continue;
    line(`  ${name.padEnd(12)}${String(count).padStart(10)}  ${count === 0 ? '' : text}`.trimEnd());
  }
}

function reportEndings({ colors, columns, line }: Output, endings: readonly Ending[]): void {
  if (endings.length === 0) return;
  line();
  line(colors.bold('Why connections ended, and what followed'));
  const indent = 10;
  for (const { actions, count, latest, reason } of endings.slice(0, LISTED_REASONS)) {
    const [first = '', ...rest] = fill([printable(reason), showActions(actions)], columns - indent);
    line(`${String(count).padStart(indent - 2)}  ${first}`);
    for (const row of rest) line(' '.repeat(indent) + row);
    if (latest === reason) continue;
    for (const row of fill([printable(`latest: ${latest}`)], columns - indent))
      line(' '.repeat(indent) + colors.dim(row));
  }
  if (endings.length > LISTED_REASONS) line(`  and ${endings.length - LISTED_REASONS} more reasons; --json lists all`);
}

/** `resume`, or with several actions `3 resume, 1 identify`. */
function showActions(actions: Ending['actions']): string {
  const found = Object.entries(actions);
  return found.length === 1 ? `${found[0]?.[0]}` : found.map(([action, count]) => `${count} ${action}`).join(', ');
}

function reportShards(
  { colors, line }: Output,
  shards: readonly ShardTotals[],
  { until, clock }: { until: number; clock: WallClock },
): void {
  const columns = ['shard', 'reconnects', 'identifies', 'resumes', 'fatal', 'Connected'] as const;
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padStart(columns[index]?.length ?? 0)).join('  ');
  line();
  line(`${colors.bold(row(columns))}  ${colors.bold('at the end, since')}`);
  for (const shard of shards.slice(0, LISTED_SHARDS)) {
    const { shardId, reconnects, identifies, resumes, fatal, stateMs } = shard;
    const counts = [shardId, reconnects, identifies, resumes, fatal].map(String);
    // The shard's process ended before the log does; its state after that is unknown.
    const hasEnded = shard.stateUntil < until;
    const time = briefly(until, hasEnded ? shard.stateUntil : shard.stateSince, clock);
    const cells = row([...counts, share(stateMs.Connected, totalMs(stateMs))]);
    line(`${cells}  ${showLifecycle(colors, shard.state)} ${hasEnded ? 'until its process ended, ' : ''}${time}`);
  }
  const left = shards.length - LISTED_SHARDS;
  if (left > 0) line(`and ${plural(left, 'shard')} with fewer problems; choose with --shard, or list all with --json`);
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Percentages above 99.9 get three decimals, rounded down: 100 % means all of the time. */
function share(ms: number, all: number): string {
  if (all === 0) return '-';
  const percent = (100 * ms) / all;
  const digits = percent > 99.9 && ms < all ? Math.floor(percent * 1_000) / 1_000 : percent.toFixed(1);
  return `${digits} %`;
}
