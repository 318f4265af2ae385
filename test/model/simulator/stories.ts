import type { EventObject } from 'xstate';
import type { ShardEvent } from '../../../machines/index.js';

/** An event of a run. */
export interface Told {
  readonly event: EventObject;
  /** Told from within a listener of the event before, and so before the shard's actors have heard of that one. */
  readonly within?: boolean;
}

/** Ways that a walk through the chart's states cannot tell, for they hang on the order in which events wait in line. */
export interface Story {
  /** Starts with a session to resume. */
  readonly session: boolean;
  readonly events: readonly Told[];
}

const tell = (...events: ShardEvent[]): Told[] => events.map((event) => ({ event }));
const tellWithin = (...events: ShardEvent[]): Told[] => events.map((event) => ({ event, within: true }));

const reason = 'asked';
const ticket = { id: 1, priority: false, presence: false };
const abort: ShardEvent = { type: 'abort', code: 4900, reason };
const shutdown: ShardEvent = { type: 'shutdown', code: 1000, reason };
const close: ShardEvent = { type: 'close', code: 4900, reason };

const toConnected = tell(
  { type: 'connect', session: null },
  { type: 'socket.opened' },
  { type: 'gateway.hello', heartbeatIntervalMs: 300 },
  { type: 'slot.granted' },
  { type: 'gateway.ready', session: { id: 'new', sequence: 1, resumeUrl: 'wss://new.example' } },
);

export const stories: readonly Story[] = [
  // An abort takes no time: only what was told before the socket heard of it comes in between.
  { session: false, events: [...toConnected, ...tellWithin(abort, shutdown)] },
  { session: false, events: [...toConnected, ...tellWithin(abort, abort)] },
  // reconnect() of a shard that is not Offline yet.
  {
    session: true,
    events: [
      ...tell(
        { type: 'connect', session: null },
        { type: 'socket.closed', code: 1006, reason: '', sequence: null, retryAfterMs: null },
      ),
      ...tellWithin(close, { type: 'reconnect' }),
    ],
  },
  // The bucket lets a payload go, but the connection is given up before the shard hears of it.
  {
    session: false,
    events: [
      ...toConnected,
      ...tellWithin({ type: 'send', ticket }, { type: 'reconnect' }),
      ...tell({ type: 'bucket.granted', ticket }),
    ],
  },
  // The payload is on its way to the network, but nobody has confirmed that yet.
  {
    session: false,
    events: [...toConnected, ...tell({ type: 'send', ticket }, abort, { type: 'socket.unsent', ticket })],
  },
];
