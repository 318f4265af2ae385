import { describe, expect, test } from 'vitest';
import { DAY_MS, shardIn, startShard, statePaths, type Harness } from './rig.js';

/** Everything that could bring a shard up again, and everything a late socket or timer may still say. */
function tempt(shard: Harness): Harness {
  return shard
    .tell(
      { type: 'connect', session: null },
      { type: 'reconnect' },
      { type: 'reinstantiate' },
      { type: 'disconnect', code: 4000, reason: '' },
      { type: 'close', code: 1000, reason: '' },
      { type: 'abort', code: 4900, reason: '' },
      { type: 'socket.opened' },
      { type: 'slot.granted' },
      { type: 'gateway.reconnect' },
      { type: 'gateway.invalidSession', resumable: false },
      { type: 'socket.settled' },
      { type: 'gateway.resumed', sequence: 3 },
    )
    .hello()
    .ready()
    .closed(4000)
    .tick(60_000);
}

describe('shutdown', () => {
  test.each(statePaths)('from %s: reaches Offline.stopped, and nothing leads out of it', (path) => {
    const shard = shardIn(path).shutdown();
    if (shard.path !== 'Offline.stopped') shard.closed(1000);
    expect(shard.path).toBe('Offline.stopped');
    const { length } = shard.sockets;
    expect(tempt(shard).path).toBe('Offline.stopped');
    expect(shard.sockets).toHaveLength(length);
    expect(shard.slotsHeld).toBe(0);
  });

  test.each(statePaths)('from %s: reaches Offline.stopped even if the peer never answers', (path) => {
    expect(shardIn(path).shutdown().tick(2_000).path).toBe('Offline.stopped');
  });

  test.each(statePaths)('from %s: a forced close on top of it still ends in Offline.stopped', (path) => {
    expect(shardIn(path).shutdown().abort().closed(1006).path).toBe('Offline.stopped');
  });

  test.each(statePaths)('from %s: whatever is asked while it goes down, it goes down', (path) => {
    const shard = tempt(shardIn(path).shutdown());
    expect(shard.path).toBe('Offline.stopped');
  });

  test('during the back-off never connects again', () => {
    const shard = shardIn('Disconnected').shutdown().tick(DAY_MS);
    expect(shard.path).toBe('Offline.stopped');
    expect(shard.sockets).toHaveLength(1);
  });

  test('closes once, with the code it was given', () => {
    const shard = shardIn('Online.link.session.Connected.stable').shutdown(4900).shutdown(1000);
    expect(shard.take()).toEqual(['close 4900']);
  });
});

describe('fatal', () => {
  test('leads nowhere but to stopped', () => {
    const shard = tempt(shardIn('Offline.fatal'));
    expect(shard.path).toBe('Offline.fatal');
    expect(shard.sockets).toHaveLength(1);
    expect(shard.shutdown().path).toBe('Offline.stopped');
  });
});

describe('close', () => {
  test('during the back-off never connects again until asked', () => {
    const shard = shardIn('Disconnected').close().tick(DAY_MS);
    expect(shard.path).toBe('Offline.idle');
    shard.tell({ type: 'connect', session: null });
    expect(shard.state).toBe('Connecting');
  });

  test('the shard can go up and down again and again', () => {
    const shard = startShard();
    for (let round = 1; round <= 5; round += 1) {
      shard.tell({ type: 'connect', session: null }, { type: 'socket.opened' }).hello().tell({ type: 'slot.granted' });
      expect(shard.ready().acknowledge().state).toBe('Connected');
      expect(shard.close().closed(1000).path).toBe('Offline.idle');
      expect(shard.sockets).toHaveLength(round);
    }
  });
});
