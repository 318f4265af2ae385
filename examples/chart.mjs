// The chart of a shard as a pure function: no socket, no clock, no token.
import { shardMachine } from 'shardchart/machines';
import { initialTransition, transition } from 'xstate';

const input = {
  shardId: 0,
  session: null,
  autoReconnect: true,
  resumeAttempts: 3,
  seed: 1, // for the jitter in the back-off
  timeouts: { handshakeMs: 15_000, helloMs: 15_000, readyMs: 15_000, resumedMs: 30_000, closeMs: 2_000 },
  backoff: { initialMs: 1_000, maxMs: 60_000 },
};
const closed = { type: 'socket.closed', code: 4014, reason: '', sequence: null, retryAfterMs: null };

let [snapshot] = initialTransition(shardMachine, input);
[snapshot] = transition(shardMachine, snapshot, { type: 'connect', session: null });
[snapshot] = transition(shardMachine, snapshot, closed);
console.log(snapshot.value, snapshot.context.lastDecision.reason);
