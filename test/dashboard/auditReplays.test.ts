import { expect, test } from 'vitest';
import { Replays } from '../../src/dashboard/playback/replays.js';
import type { FoldedLog, ShardEntry } from '../../src/dashboard/playback/foldLog.js';
import type { AuditShard } from '../../src/dashboard/messages.js';
import { Recording } from '../audit/recording.js';
import { until } from '../shard/rig.js';

const ENTRIES = 5_000;

/** Shards of a log with many records each, and a log of replays. */
function shardsOf(count: number) {
  const shard = new Recording().up();
  while (shard.records.length < 50) shard.drop().up();
  const texts = shard.records.map((record) => JSON.stringify(record));
  /** The shard of each replayed record, in order. */
  const replayed: number[] = [];
  const shards: FoldedLog['shards'] = new Map(
    Array.from({ length: count }, (_, id) => [
      id,
      Array.from({ length: ENTRIES }, (__, n): ShardEntry => ({
        life: 1,
        inCharge: 1,
        get text() {
          replayed.push(id);
          return texts[n % texts.length] as string;
        },
      })),
    ]),
  );
  return { shards, replayed };
}

const staying = () => new AbortController().signal;
const stepsIn = (answer: Buffer | null) => (JSON.parse(`${answer}`) as AuditShard).steps.length;

test('concurrent requests for a shard share one replay, and the next one gets the kept answer', async () => {
  const { shards, replayed } = shardsOf(1);
  const replays = new Replays(shards);
  const [one, other] = await Promise.all([replays.of(0, staying()), replays.of(0, staying())]);
  expect(stepsIn(one)).toBe(ENTRIES);
  expect(other).toBe(one);
  expect(await replays.of(0, staying())).toBe(one);
  expect(replayed).toHaveLength(ENTRIES);
  expect(await replays.of(1, staying())).toBeNull();
});

test('several shards are replayed one after the other, and the last answers are kept', async () => {
  const { shards, replayed } = shardsOf(6);
  const replays = new Replays(shards);
  await Promise.all([...shards.keys()].map((id) => replays.of(id, staying())));
  expect(replayed.filter((id, n) => id !== replayed[n - 1])).toEqual([0, 1, 2, 3, 4, 5]);
  for (const id of [2, 3, 4, 5]) await replays.of(id, staying());
  expect(replayed).toHaveLength(6 * ENTRIES);
  await replays.of(0, staying());
  expect(replayed).toHaveLength(7 * ENTRIES);
});

test('a replay whose requests are gone is stopped or never begins; a new request gets a whole answer', async () => {
  const { shards, replayed } = shardsOf(3);
  const replays = new Replays(shards);
  const leaving = [new AbortController(), new AbortController(), new AbortController()];
  const left = leaving.slice(0, 2).map(({ signal }, id) => replays.of(id, signal).catch((error: unknown) => error));
  const stays = replays.of(2, staying());
  const leaves = replays.of(2, (leaving[2] as AbortController).signal);
  await until(() => replayed.length > 0);
  for (const controller of leaving) controller.abort();
  expect(await Promise.all(left)).toMatchObject([{ name: 'AbortError' }, { name: 'AbortError' }]);
  expect([stepsIn(await stays), await leaves]).toEqual([ENTRIES, await stays]);
  expect(replayed.filter((id) => id === 0).length).toBeLessThan(ENTRIES);
  expect(replayed).not.toContain(1);
  expect(stepsIn(await replays.of(0, staying()))).toBe(ENTRIES);
});

/** Takes 5 ms. */
function slowText(): string {
  const end = performance.now() + 5;
  while (performance.now() < end);
  return JSON.stringify(new Recording().up().records[0]);
}

test('a long replay lets other tasks run at least every 20 ms', async () => {
  const count = 40;
  const slow: ShardEntry = {
    life: 1,
    inCharge: 1,
    get text() {
      return slowText();
    },
  };
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  turn();
  await new Replays(new Map([[0, Array.from({ length: count }, () => slow)]])).of(0, staying());
  clearImmediate(next!);
  expect(turns).toBeGreaterThanOrEqual(count / 4);
});
