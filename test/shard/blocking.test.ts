import { expect, test } from 'vitest';
import { flow, sentBy, shardOn, simulate, until } from './rig.js';

const INTERVAL_MS = 2_000;

/** Holds the process as a listener with too much to do would. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('a listener that blocks for 50 ms each second, and once for 3 s: no zombie, no reconnect, each beat leaves after the block', async () => {
  await using simulator = await simulate({ heartbeatInterval: INTERVAL_MS });
  await using shard = shardOn(simulator);
  let [blockedUntil, longest, isLong] = [0, 0, false];
  shard.on('MESSAGE_CREATE', () => {
    const now = performance.now();
    if (now < blockedUntil + 1_000) return;
    const ms = isLong ? 50 : 3_000;
    isLong = true;
    block(ms);
    blockedUntil = performance.now();
    longest = Math.max(longest, blockedUntil - now);
  });
  const events = flow(simulator, shard, 20);
  await shard.connect();
  await until(() => sentBy(simulator, 1).length >= 4, 30_000);
  await events.isWhole();
  expect(simulator.connections).toHaveLength(1);
  expect(simulator.violations).toEqual([]);
  const beats = sentBy(simulator, 1).map(({ at }) => at);
  const gaps = beats.slice(1).map((at, index) => at - (beats[index] as number));
  // The machine may stall besides: half a second of that is no fault.
  expect(Math.max(...gaps)).toBeLessThan(INTERVAL_MS + longest + 500);
});
