import { expect, test } from 'vitest';
import { createActor, fromCallback, SimulatedClock, type EventObject } from 'xstate';
import { bucketMachine, lifecycleOf, shardMachine } from '../../machines/index.js';
import type { SlotInput, SlotReport, SocketCommand, SocketInput, SocketReport } from '../../machines/index.js';
import { backoff, session, timeouts } from './rig.js';

const ticket = { id: 1, priority: false, presence: false };

/** The bucket, but a ticket is too much for it. */
const fragileBucket = bucketMachine.provide({
  actions: {
    queueTicket: () => {
      throw new Error('a bug');
    },
  },
});

test('a bucket that fails ends the shard as fatal, with its socket, and nothing the user does after it throws', () => {
  let sockets = 0;
  const actor = createActor(
    shardMachine.provide({
      actors: {
        socket: fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(() => {
          sockets += 1;
          return () => {
            sockets -= 1;
          };
        }),
        slot: fromCallback<EventObject, SlotInput, SlotReport & EventObject>(() => {}),
        bucket: fragileBucket,
      },
    }),
    {
      clock: new SimulatedClock(),
      input: { shardId: 0, session, autoReconnect: true, resumeAttempts: 3, timeouts, backoff, seed: 1 },
    },
  ).start();
  actor.send({ type: 'connect', session: null });
  actor.send({ type: 'socket.opened' });
  actor.send({ type: 'gateway.hello', heartbeatIntervalMs: 40_000 });
  actor.send({ type: 'gateway.resumed', sequence: 8 });
  expect(lifecycleOf(actor.getSnapshot())).toBe('Connected');
  for (let count = 0; count < 3; count += 1) {
    actor.send({ type: 'send', ticket });
    actor.send({ type: 'send.cancel', id: 1 });
  }
  expect(actor.getSnapshot().matches({ Offline: 'fatal' })).toBe(true);
  expect(actor.getSnapshot().context.lastDecision).toMatchObject({ action: 'fatal', code: null });
  expect(sockets).toBe(0);
  actor.send({ type: 'shutdown', code: 1000, reason: '' });
  expect(actor.getSnapshot().matches({ Offline: 'stopped' })).toBe(true);
  actor.stop();
});
