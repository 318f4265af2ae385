import type { EventObject } from 'xstate';
import type { ShardEvent } from '../../../machines/index.js';

/** Event of a run. */
export interface RunEvent {
  readonly event: EventObject;
  /** True for an event sent within a listener of the event before, so before the shard's actors have received that one. */
  readonly within?: boolean;
}

/** Path that a walk through the chart's states cannot find, because it depends on the order of waiting events. */
export interface Story {
  /** True for a start with a session to resume. */
  readonly session: boolean;
  readonly events: readonly RunEvent[];
}

const send = (...events: ShardEvent[]): RunEvent[] => events.map((event) => ({ event }));
const sendWithin = (...events: ShardEvent[]): RunEvent[] => events.map((event) => ({ event, within: true }));

const reason = 'asked';
const ticket = { id: 1, priority: false, presence: false };
const abort: ShardEvent = { type: 'abort', code: 4900, reason };
const shutdown: ShardEvent = { type: 'shutdown', code: 1000, reason };
const close: ShardEvent = { type: 'close', code: 4900, reason };

const toConnected = send(
  { type: 'connect', session: null },
  { type: 'socket.opened' },
  { type: 'gateway.hello', heartbeatIntervalMs: 300 },
  { type: 'slot.granted' },
  { type: 'gateway.ready', session: { id: 'new', sequence: 1, resumeUrl: 'wss://new.example' } },
);

export const stories: readonly Story[] = [
  // An abort takes no time: only events sent before the socket receives it come in between.
  { session: false, events: [...toConnected, ...sendWithin(abort, shutdown)] },
  { session: false, events: [...toConnected, ...sendWithin(abort, abort)] },
  // reconnect() comes while the shard is not Offline yet.
  {
    session: true,
    events: [
      ...send(
        { type: 'connect', session: null },
        { type: 'socket.closed', code: 1006, reason: '', sequence: null, retryAfterMs: null },
      ),
      ...sendWithin(close, { type: 'reconnect' }),
    ],
  },
  // The bucket grants a payload, but the connection is given up before the shard receives the grant.
  {
    session: false,
    events: [
      ...toConnected,
      ...sendWithin({ type: 'send', ticket }, { type: 'reconnect' }),
      ...send({ type: 'bucket.granted', ticket }),
    ],
  },
  // The payload is on its way to the network, which has not confirmed it yet.
  {
    session: false,
    events: [...toConnected, ...send({ type: 'send', ticket }, abort, { type: 'socket.unsent', ticket })],
  },
];
