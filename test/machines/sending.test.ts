import { describe, expect, test } from 'vitest';
import type { Ticket } from '../../machines/index.js';
import { safeSends } from '../../src/protocol/sendLimit.js';
import { INTERVAL_MS, shardIn, statePaths, type Harness } from './rig.js';

const ticket = (id: number, kind: Partial<Ticket> = {}): Ticket => ({ id, priority: false, presence: false, ...kind });
const send = (shard: Harness, ...ids: number[]): Harness =>
  shard.tell(...ids.map((id) => ({ type: 'send', ticket: ticket(id) }) as const));
const sent = (shard: Harness) => shard.take().filter((line) => line.startsWith('send'));
const connect = (shard: Harness): Harness =>
  shard.tell({ type: 'socket.opened' }).hello().tell({ type: 'slot.granted' }).ready();

describe('a payload of the user', () => {
  test('leaves at once when Connected', () => {
    expect(send(shardIn('Online.link.session.Connected.stabilizing.unacknowledged'), 1, 2).take()).toEqual([
      'send 1',
      'send 2',
    ]);
  });

  test.each(statePaths.filter((path) => !path.includes('Connected')))('in %s: waits', (path) => {
    expect(send(shardIn(path), 1).take()).toEqual([]);
  });

  test('no payload but the login and heartbeats leaves before READY', () => {
    const shard = send(shardIn('Online.link.session.Identifying.awaitingReady.prompt'), 1, 2);
    shard.tell({ type: 'send', ticket: ticket(3, { priority: true }) });
    expect(shard.take()).toEqual([]);
    expect(shard.ready().take()).toEqual(['send 3', 'send 1', 'send 2']);
  });

  test('a payload sent during a resume leaves with RESUMED and does not wait for the next READY', () => {
    const shard = send(shardIn('Online.link.session.Resuming.replaying'), 1);
    expect(shard.take()).toEqual([]);
    expect(shard.tell({ type: 'gateway.resumed', sequence: 8 }).take()).toEqual(['send 1']);
  });

  test('a payload sent before connect waits for it', () => {
    const shard = send(shardIn('Offline.idle'), 1);
    connect(shard.tell({ type: 'connect', session: null }));
    expect(sent(shard)).toEqual(['send 1']);
  });

  test('a payload withdrawn while the shard is away never leaves', () => {
    const shard = send(shardIn('Disconnected'), 1, 2).tell({ type: 'send.cancel', id: 1 }).tick(5_000);
    shard.tell({ type: 'socket.opened' }).hello().tell({ type: 'gateway.resumed', sequence: 8 });
    expect(sent(shard)).toEqual(['send 2']);
  });

  test('a connection sends no more than is safe beside its heartbeats', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    send(shard, ...Array.from({ length: 200 }, (_, id) => id));
    expect(sent(shard)).toHaveLength(safeSends(INTERVAL_MS));
  });

  test('a new connection has all its permits, whatever the last one spent', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    send(shard, ...Array.from({ length: 200 }, (_, id) => id)).take();
    shard.closed(4000).tick(1).tell({ type: 'socket.opened' }).hello().tell({ type: 'gateway.resumed', sequence: 8 });
    expect(sent(shard)).toHaveLength(200 - safeSends(INTERVAL_MS));
  });
});

describe('a payload that was granted and did not leave', () => {
  test('is first in line for the next connection', () => {
    const shard = shardIn('Online.link.session.Connected.stable').tell({ type: 'gateway.reconnect' });
    send(shard, 2)
      .tell({ type: 'socket.unsent', ticket: ticket(1) })
      .closed(4900)
      .tick(1);
    shard.tell({ type: 'socket.opened' }).hello().tell({ type: 'gateway.resumed', sequence: 8 });
    expect(sent(shard)).toEqual(['send 1', 'send 2']);
  });

  test('a grant that arrives while the connection is closed goes back to the head of the queue', () => {
    const shard = send(shardIn('Online.closing.reconnecting'), 2).tell({ type: 'bucket.granted', ticket: ticket(1) });
    expect(shard.take()).toEqual([]);
    shard.closed(4900).tick(1).tell({ type: 'socket.opened' }).hello().tell({ type: 'gateway.resumed', sequence: 8 });
    expect(sent(shard)).toEqual(['send 1', 'send 2']);
  });
});

describe('in every state', () => {
  test('sending, withdrawing and giving back never disturb the chart', () => {
    for (const path of statePaths) {
      const shard = send(shardIn(path), 1, 2, 3);
      shard.tell({ type: 'send.cancel', id: 2 }, { type: 'socket.unsent', ticket: ticket(9) });
      shard.tell({ type: 'bucket.granted', ticket: ticket(8) });
      expect(shard.actor.getSnapshot().status).toBe('active');
    }
  });
});
