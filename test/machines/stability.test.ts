import { describe, expect, test } from 'vitest';
import { backoff, quiet, session, shardIn, startShard } from './rig.js';

const CONNECTED = 'Online.link.session.Connected';

describe('a connection is stable', () => {
  test('after an ack and backoff.stableAfter: an ack alone leaves the failures counted', () => {
    const shard = shardIn(`${CONNECTED}.stabilizing.unacknowledged`).acknowledge();
    expect(shard.path).toBe(`${CONNECTED}.stabilizing.acknowledged`);
    shard.tick(backoff.stableAfterMs - 1);
    expect(shard.context.attempts).toBe(1);
    shard.tick(1);
    expect(shard.context.attempts).toBe(0);
  });

  test('after backoff.stableAfter and an ack: time alone leaves the failures counted', () => {
    const shard = shardIn(`${CONNECTED}.stabilizing.unacknowledged`).tick(backoff.stableAfterMs);
    expect(shard.path).toBe(`${CONNECTED}.lasting`);
    expect(shard.context.attempts).toBe(1);
    shard.acknowledge();
    expect(shard.path).toBe(`${CONNECTED}.stable`);
    expect(shard.context.attempts).toBe(0);
  });

  test('an ack after 20 ms on each of ten connections: the back-off grows past its initial', () => {
    const shard = shardIn(`${CONNECTED}.stabilizing.unacknowledged`);
    for (let drops = 0; drops < 10; drops += 1) {
      shard.tick(20).acknowledge().closed(1006);
      expect(shard.decision).toMatchObject({ action: 'resume', attempt: drops + 2 });
      shard
        .tick(shard.decision?.delay ?? 0)
        .tell({ type: 'socket.opened' })
        .hello();
      shard.tell({ type: 'gateway.resumed', sequence: null });
    }
    shard.closed(1006);
    expect(shard.decision?.delay).toBeGreaterThanOrEqual(backoff.initialMs);
  });
});

describe('the wait before a RESUME', () => {
  const far = { backoff: { ...backoff, initialMs: 40_000, maxMs: 60_000 } };

  test('a connection that was Connected drops for the tenth time: 5 s at most', () => {
    const shard = shardIn(`${CONNECTED}.stabilizing.unacknowledged`, far);
    for (let drops = 0; drops < 10; drops += 1) {
      shard.closed(1006);
      expect(shard.decision?.delay).toBeLessThanOrEqual(5_000);
      shard
        .tick(shard.decision?.delay ?? 0)
        .tell({ type: 'socket.opened' })
        .hello();
      shard.tell({ type: 'gateway.resumed', sequence: null });
    }
  });

  test('a replay that moved on is cut for the fifth time: 5 s at most', () => {
    const shard = startShard({ session, ...far }).tell({ type: 'connect', session: null });
    for (let cuts = 0; cuts < 5; cuts += 1) {
      shard
        .tell({ type: 'socket.opened' })
        .hello()
        .tell({ type: 'gateway.replayed', sequence: 8 + cuts })
        .closed(1006);
      expect(shard.decision?.delay).toBeLessThanOrEqual(5_000);
      shard.tick(shard.decision?.delay ?? 0);
    }
  });

  test('an upgrade refused three times is an outage: the back-off grows to its own maximum', () => {
    const shard = startShard({ session, ...far }).tell({ type: 'connect', session: null });
    for (let tries = 0; tries < 3; tries += 1) shard.closed(1006).tick(tries < 2 ? (shard.decision?.delay ?? 0) : 0);
    expect(shard.decision?.delay).toBeGreaterThanOrEqual(40_000);
  });
});

/** Waits of 40 shards, each with a seed of its own. */
const delays = (endedTogether: number) =>
  Array.from({ length: 40 }, (_, seed) => {
    const shard = shardIn(`${CONNECTED}.stable`, { seed }).closed(4000, { endedTogether });
    return shard.decision?.delay ?? Number.NaN;
  });

describe('connections of one process that end within a second', () => {
  test('a single end, or four: each comes back at once', () => {
    expect([...delays(1), ...delays(4)].every((delay) => delay === 0)).toBe(true);
  });

  test('40: they come back spread over a second, and the reason says so', () => {
    const spread = delays(40);
    expect(Math.max(...spread)).toBeLessThanOrEqual(1_000);
    expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(500);
    const { decision } = shardIn(`${CONNECTED}.stable`).closed(4000, { endedTogether: 40 });
    expect(decision?.reason).toBe('4000 unknown error; many connections ended together');
  });

  test('1 000: they come back spread over 5 s, and not later', () => {
    expect(Math.max(...delays(1_000))).toBeLessThanOrEqual(5_000);
    expect(Math.max(...delays(1_000))).toBeGreaterThan(4_000);
  });

  test('op 7 to all of them: the answered closes are spread as well', () => {
    const shard = shardIn(`${CONNECTED}.stable`)
      .tell({ type: 'gateway.reconnect' })
      .closed(4900, { endedTogether: 40 });
    expect(shard.decision).toMatchObject({ action: 'resume' });
    expect(shard.decision?.delay).toBeGreaterThan(0);
  });
});

describe('an acknowledged connection without an event', () => {
  test('for as long as quiet.after: quiet, and Connected all the same', () => {
    const shard = shardIn(`${CONNECTED}.stable`).acknowledge(quiet.afterMs - 1);
    expect(shard.path).toBe(`${CONNECTED}.stable`);
    shard.acknowledge(quiet.afterMs);
    expect(shard.path).toBe(`${CONNECTED}.quiet`);
    shard.acknowledge(0);
    expect(shard.path).toBe(`${CONNECTED}.stable`);
  });

  test('with quiet.reconnect: dropped and resumed', () => {
    const shard = shardIn(`${CONNECTED}.stable`, { quiet: { ...quiet, reconnects: true } }).acknowledge(quiet.afterMs);
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.decision).toMatchObject({ action: 'resume', reason: 'no event for as long as `quiet.after`' });
  });

  test('without the option: never quiet', () => {
    const shard = shardIn(`${CONNECTED}.stable`, { quiet: null }).acknowledge(86_400_000);
    expect(shard.path).toBe(`${CONNECTED}.stable`);
  });
});
