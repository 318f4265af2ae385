import { describe, expect, test } from 'vitest';
import { INTERVAL_MS, shardIn, timeouts } from './rig.js';

const AWAITING = 'Online.link.session.Identifying.awaitingReady';

describe('READY that is late', () => {
  test('acknowledged heartbeats, at 41 s as by Discord: one IDENTIFY, and Connected once READY comes', () => {
    const shard = shardIn(`${AWAITING}.prompt`, { timeouts: { ...timeouts, readyMaxMs: 600_000 } });
    for (let waited = 0; waited < 300_000; waited += 1_000) {
      shard.tick(1_000);
      if (shard.take().includes('heartbeat')) shard.acknowledge();
    }
    expect(shard.path).toBe(`${AWAITING}.alive`);
    shard.ready();
    expect(shard.state).toBe('Connected');
    expect(shard.context.identifies).toBe(1);
    expect(shard.sockets).toHaveLength(1);
  });

  test('half of the limit without a sign of life: a heartbeat leaves, and the rhythm stays', () => {
    const shard = shardIn(`${AWAITING}.prompt`).tick(timeouts.readyMs / 2 - 1);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.take()).toEqual(['heartbeat']);
  });

  test('a limit under 5 s: no heartbeat is asked for, and the end comes after the limit', () => {
    const shard = shardIn(`${AWAITING}.prompt`, { timeouts: { ...timeouts, readyMs: 4_999 } }).tick(4_998);
    expect(shard.take()).toEqual([]);
    expect(shard.tick(1).take()).toEqual(['close 4900']);
  });

  test('an ack, then silence: given up after the limit, from the ack on', () => {
    const shard = shardIn(`${AWAITING}.prompt`).tick(5_000).acknowledge();
    shard.tick(timeouts.readyMs - 1);
    expect(shard.state).toBe('Identifying');
    shard.tick(1);
    expect(shard.decision).toMatchObject({ reason: 'no READY in time', action: 'identify' });
  });

  test('acks without end and no READY: given up after readyMax', () => {
    const shard = shardIn(`${AWAITING}.prompt`);
    for (let waited = 0; waited < timeouts.readyMaxMs - 1_000; waited += 1_000) shard.tick(1_000).acknowledge();
    expect(shard.path).toBe(`${AWAITING}.alive`);
    shard.tick(1_000);
    expect(shard.decision).toMatchObject({ reason: 'no READY, though the connection is alive', action: 'identify' });
    expect(INTERVAL_MS).toBeGreaterThan(timeouts.readyMs);
  });
});
