import { describe, expect, test } from 'vitest';
import { backoff, session, shardIn, statePaths, timeouts, type StatePath } from './rig.js';

describe('every wait has a limit', () => {
  const waits = [
    ['Online.link.Connecting.opening', timeouts.handshakeMs, 'handshake timed out', 'identify'],
    ['Online.link.Connecting.awaitingHello', timeouts.helloMs, 'no HELLO in time', 'identify'],
    ['Online.link.session.Identifying.awaitingReady.prompt', timeouts.readyMs, 'no READY in time', 'identify'],
    ['Online.link.session.Resuming.replaying', timeouts.resumedMs, 'no RESUMED in time', 'resume'],
  ] as const satisfies [StatePath, number, string, string][];

  test.each(waits)('%s ends after %d ms: %s', (path, ms, reason, action) => {
    const shard = shardIn(path).tick(ms - 1);
    expect(shard.path).toBe(path);
    shard.take();
    shard.tick(1);
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.decision).toMatchObject({ action, reason, code: 4900, attempt: 2 });
    expect(shard.state).toBe('Disconnected');
  });

  test('dispatches without end and no RESUMED: resumes again after twenty times the limit, where it got to', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    let sequence = 100;
    for (let waited = 0; waited < 20 * timeouts.resumedMs - 1_000; waited += 1_000) {
      shard
        .tell({ type: 'gateway.replayed', sequence: (sequence += 1) })
        .tell({ type: 'gateway.acknowledged', latencyMs: 1 });
      shard.tick(1_000);
    }
    expect(shard.state).toBe('Resuming');
    shard.tick(1_000);
    expect(shard.decision).toMatchObject({ action: 'resume', reason: 'no RESUMED, though dispatches came' });
    expect(shard.context.session?.sequence).toBe(sequence);
  });

  test('each replayed dispatch gives RESUMED its whole time again', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    for (let sequence = 8; sequence < 20; sequence += 1) {
      shard
        .tick(timeouts.resumedMs - 1)
        .tell({ type: 'gateway.replayed', sequence })
        .acknowledge();
      expect(shard.state).toBe('Resuming');
    }
    expect(shard.context.replayed).toBe(12);
    shard.take();
    shard.tick(timeouts.resumedMs);
    expect(shard.take()).toContain('close 4900');
    expect(shard.decision).toMatchObject({ action: 'resume', reason: 'no RESUMED in time' });
    expect(shard.context.session?.sequence).toBe(19);
  });

  test('a heartbeat ack is no progress of a resume', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    shard
      .tick(timeouts.resumedMs - 100)
      .acknowledge()
      .tick(100);
    expect(shard.decision?.reason).toBe('no RESUMED in time');
  });

  test('an identify slot may take as long as it takes: hours, with the connection kept', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    for (let seconds = 0; seconds < 3 * 3_600; seconds += 10) shard.tick(10_000).acknowledge();
    expect(shard.path).toBe('Online.link.session.Identifying.awaitingSlot');
    expect(shard.sockets).toHaveLength(1);
  });

  test.each([
    ['Online.closing.reconnecting', 'Online.link.Connecting.opening'],
    ['Online.closing.goingOffline', 'Offline.idle'],
    ['Online.closing.stopping', 'Offline.stopped'],
    ['Online.closing.aborting', 'Offline.idle'],
  ] as const)('%s: a peer that never answers our close is dropped after the close limit', (path, next) => {
    const shard = shardIn(path).tick(timeouts.closeMs - 1);
    expect(shard.path).toBe(path);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.path).toBe(next);
    expect(shard.take()[0]).toBe('drop');
  });
});

describe('time alone leads on', () => {
  const resting = new Set<StatePath>([
    'Offline.idle',
    'Offline.fatal',
    'Offline.stopped',
    'Online.link.session.Identifying.awaitingSlot',
    'Online.link.session.Connected.stabilizing.unacknowledged',
    'Online.link.session.Connected.stable',
  ]);
  const longest = Math.max(...Object.values(timeouts)) + backoff.maxMs;

  test.each(statePaths.filter((path) => !resting.has(path)))('from %s', (path) => {
    const shard = shardIn(path);
    const [opened, asked] = [shard.sockets.length, shard.slotsAsked];
    shard.tick(longest);
    const moved = shard.path !== path || shard.sockets.length > opened || shard.slotsAsked > asked;
    expect(moved).toBe(true);
  });

  test.each(['Offline.idle', 'Offline.fatal', 'Offline.stopped'] as const)('but never from %s', (path) => {
    const shard = shardIn(path).tick(3_600_000);
    expect(shard.path).toBe(path);
    expect(shard.take()).toEqual([]);
  });

  test('even Connected: a silent peer is found out', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    for (let waited = 0; shard.state === 'Connected' && waited < 100_000; waited += 500) shard.tick(500);
    expect(shard.decision).toMatchObject({ action: 'resume', reason: 'zombie: no heartbeat ack between two beats' });
    expect(shard.context.session).toEqual(session);
  });
});
