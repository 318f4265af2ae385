import { describe, expect, test } from 'vitest';
import { INTERVAL_MS, shardIn, startShard, timeouts, type Harness } from './rig.js';

const beats = (shard: Harness) => shard.wire.filter((line) => line === 'heartbeat').length;

/** Connected, the first beat sent and acknowledged: the next is due in a whole interval. */
function beating(): Harness {
  const shard = shardIn('Online.link.session.Connected.stabilizing.unacknowledged');
  shard.tick(shard.context.firstBeatMs).acknowledge();
  expect(shard.take()).toEqual(['heartbeat']);
  return shard;
}

describe('the rhythm', () => {
  test('the first beat comes after a random part of the interval, each next one a whole interval later', () => {
    const shard = shardIn('Online.link.session.Connected.stabilizing.unacknowledged');
    const { firstBeatMs } = shard.context;
    expect(firstBeatMs).toBeGreaterThan(0);
    expect(firstBeatMs).toBeLessThan(INTERVAL_MS);
    shard.tick(firstBeatMs - 1);
    expect(beats(shard)).toBe(0);
    shard.tick(1).acknowledge();
    expect(beats(shard)).toBe(1);
    for (let beat = 2; beat < 6; beat += 1) {
      shard.tick(INTERVAL_MS - 1);
      expect(beats(shard)).toBe(beat - 1);
      shard.tick(1).acknowledge();
      expect(beats(shard)).toBe(beat);
    }
  });

  test('two shards do not beat together after the same HELLO', () => {
    const first = shardIn('Online.link.session.Connected.stabilizing.unacknowledged', { seed: 1 });
    const second = shardIn('Online.link.session.Connected.stabilizing.unacknowledged', { seed: 2 });
    expect(first.context.firstBeatMs).not.toBe(second.context.firstBeatMs);
  });

  test('beats while an identify slot is awaited', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    shard.tick(shard.context.firstBeatMs).acknowledge().tick(INTERVAL_MS);
    expect(shard.take()).toEqual(['heartbeat', 'heartbeat']);
    expect(shard.path).toBe('Online.link.session.Identifying.awaitingSlot');
  });

  test('beats while a resume replays', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    for (let at = 0; at < INTERVAL_MS; at += 1_000) shard.tick(1_000).tell({ type: 'gateway.replayed', sequence: at });
    expect(shard.take()).toEqual(['heartbeat']);
  });

  test('the rhythm goes on from Identifying into Connected: READY does not restart it', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingReady.prompt');
    const { firstBeatMs } = shard.context;
    shard
      .tick(500)
      .ready()
      .tick(firstBeatMs - 500);
    expect(shard.take()).toEqual(['heartbeat']);
  });

  test('an op 1 of the gateway is answered at once and the rhythm stays', () => {
    const shard = beating();
    shard.tick(10_000).tell({ type: 'gateway.heartbeatRequested' });
    expect(shard.take()).toEqual(['heartbeat']);
    shard.acknowledge().tick(INTERVAL_MS - 10_000 - 1);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.take()).toEqual(['heartbeat']);
  });

  test('an op 1 before the first beat is answered and moves the first beat neither forward nor back', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    const { firstBeatMs } = shard.context;
    shard.tell({ type: 'gateway.heartbeatRequested' }).acknowledge();
    expect(shard.take()).toEqual(['heartbeat']);
    shard.tick(firstBeatMs - 1);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.take()).toEqual(['heartbeat']);
  });

  test('every connection beats by the interval of its own HELLO', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.closed(4000).tick(1).tell({ type: 'socket.opened' }).hello(5_000).take();
    expect(shard.state).toBe('Resuming');
    shard.tell({ type: 'gateway.resumed', sequence: 8 }).tick(shard.context.firstBeatMs).acknowledge();
    shard.tick(5_000).acknowledge().tick(5_000);
    expect(beats(shard)).toBe(3);
  });

  test('no beat leaves once the connection is given up', () => {
    const shard = beating();
    shard.tell({ type: 'gateway.reconnect' }).take();
    shard.tick(1_999);
    expect(shard.take()).toEqual([]);
  });

  test('an interval longer than any timer does not turn into a flood of beats', () => {
    const shard = shardIn('Online.link.Connecting.awaitingHello').hello(1e12);
    const { firstBeatMs } = shard.context;
    expect(firstBeatMs).toBeLessThanOrEqual(2_147_483_647);
  });
});

describe('a zombie', () => {
  test('resumes at the resume URL after a zombie', () => {
    const shard = beating();
    shard.tick(INTERVAL_MS).take();
    shard.tick(INTERVAL_MS);
    expect(shard.take()).toEqual(['settle']);
    shard.tell({ type: 'socket.settled' });
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.state).toBe('Disconnected');
    shard.closed(4900).tick(1);
    expect(shard.take()).toEqual(['drop', 'open wss://resume.example']);
    shard.tell({ type: 'socket.opened' }).hello();
    expect(shard.take()).toEqual(['resume session-1@7']);
  });

  test('an ack between two beats keeps the connection', () => {
    const shard = beating();
    shard
      .tick(INTERVAL_MS)
      .tick(INTERVAL_MS - 1)
      .acknowledge()
      .tick(1);
    expect(shard.take()).toEqual(['heartbeat', 'heartbeat']);
    expect(shard.state).toBe('Connected');
  });

  test('an ack that waited in the socket saves the connection, and the next beat leaves at once', () => {
    const shard = beating();
    shard.tick(2 * INTERVAL_MS).take();
    shard.acknowledge();
    expect(shard.take()).toEqual(['heartbeat']);
    expect(shard.state).toBe('Connected');
    shard.tell({ type: 'socket.settled' }).tick(INTERVAL_MS - 1);
    expect(shard.take()).toEqual([]);
  });

  test('a peer that floods and never lets the socket settle is a zombie after 5 s', () => {
    const shard = beating();
    shard.tick(2 * INTERVAL_MS).take();
    shard.tick(4_999);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.take()).toEqual(['close 4900']);
  });

  test('a late "settled" of an earlier suspicion proves nothing about the next', () => {
    const shard = beating();
    shard
      .tick(2 * INTERVAL_MS)
      .acknowledge()
      .tell({ type: 'socket.settled' });
    expect(shard.state).toBe('Connected');
  });

  test('a zombie that waits for READY is dropped too, and the shard identifies again', () => {
    const shard = startShard({ timeouts: { ...timeouts, readyMs: 1_000_000 } });
    shard.tell({ type: 'connect', session: null }, { type: 'socket.opened' }).hello().tell({ type: 'slot.granted' });
    shard.tick(shard.context.firstBeatMs).tick(INTERVAL_MS).tell({ type: 'socket.settled' });
    expect(shard.decision).toMatchObject({ action: 'identify', code: 4900 });
  });

  test('the decision says why: zombie, the code we closed with, and that it comes back at once', () => {
    const shard = beating();
    shard.tick(2 * INTERVAL_MS).tell({ type: 'socket.settled' });
    expect(shard.decision).toEqual({
      action: 'resume',
      code: 4900,
      reason: 'zombie: no heartbeat ack between two beats',
      attempt: 1,
      delay: 0,
    });
  });
});
