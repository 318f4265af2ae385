import { expect, test } from 'vitest';
import type { ReplayRecord } from '../../src/index.js';
import { Recording, randomWalk, session } from './recording.js';

const FIELDS = ['at', 'shardId', 'from', 'to', 'event', 'decision', 'session'];

test('a record shows the seven properties of the transition event and nothing else', () => {
  const [record] = new Recording().tell({ type: 'connect', session: null }).records;
  expect(Object.keys(record ?? {})).toEqual(FIELDS);
  expect(Object.keys({ ...record })).toEqual(FIELDS);
  expect(JSON.parse(JSON.stringify(record))).toEqual({ ...record });
  expect(record).toEqual({
    at: 0,
    shardId: 0,
    from: 'Offline',
    to: 'Connecting',
    event: { type: 'connect', session: null },
    decision: null,
    session: null,
  });
});

test('a record knows the chart before it, and the events in between that changed the chart', () => {
  const { records } = new Recording().up();
  const [first, second, third, fourth] = records as readonly ReplayRecord[];
  expect(first?.start).toMatchObject({ value: { Offline: 'idle' }, context: { attempts: 0 } });
  expect(first?.since).toEqual([]);
  expect(second?.start?.value).toEqual({ Online: { link: { Connecting: 'opening' } } });
  expect(second?.since).toEqual([{ type: 'socket.opened' }]);
  expect(second?.event.type).toBe('gateway.hello');
  expect(third?.since).toEqual([{ type: 'slot.granted' }]);
  expect(third?.event.type).toBe('gateway.ready');
  expect(fourth).toBeUndefined();
});

test('an actor that is stopped while it is up is a step to Offline', () => {
  const recording = new Recording().up();
  recording.actor.stop();
  expect(recording.records.at(-1)).toMatchObject({ from: 'Connected', to: 'Offline', event: { type: 'xstate.stop' } });
});

test('events that change nothing leave no trace, however many there are', () => {
  const recording = new Recording().up();
  for (let times = 0; times < 300; times += 1) {
    recording.tell(
      { type: 'gateway.acknowledged', latencyMs: 1 },
      { type: 'heartbeat.due' },
      { type: 'heartbeat.suspected' },
      { type: 'socket.settled' },
      { type: 'gateway.heartbeatRequested' },
      { type: 'send', ticket: { id: times, priority: false, presence: false } },
      { type: 'send.cancel', id: times },
      { type: 'socket.opened' },
    );
  }
  recording.tell({ type: 'reconnect' });
  // The ack and the time that made the connection stable are the ones that count.
  const since = (recording.records.at(-1) as ReplayRecord).since ?? [];
  expect(since.map(({ type }) => type)).toEqual([
    'gateway.acknowledged',
    'xstate.after.stableAfter.shard.Online.link.session.Connected.stabilizing',
  ]);
});

test('a resume of thousands of dispatches is kept as its last replayed dispatch', () => {
  const recording = new Recording({ session }).tell(
    { type: 'connect', session: null },
    { type: 'socket.opened' },
    { type: 'gateway.hello', heartbeatIntervalMs: 40_000 },
  );
  for (let sequence = 8; sequence < 3_000; sequence += 1) recording.tell({ type: 'gateway.replayed', sequence });
  recording.tell({ type: 'gateway.replayed', sequence: 12 }, { type: 'gateway.resumed', sequence: 3_000 });
  expect((recording.records.at(-1) as ReplayRecord).since).toEqual([{ type: 'gateway.replayed', sequence: 2_999 }]);
});

test('few events lie between two records, whatever happens', () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { told } = randomWalk({ seed, steps: 300 });
    for (const { since = [] } of told as readonly ReplayRecord[]) expect(since.length).toBeLessThan(6);
  }
});
