import type { ShardEvent } from '../../machines/index.js';
import type { Session } from '../../src/protocol/session.js';

export const firstSession: Session = { id: 'first', sequence: 7, resumeUrl: 'wss://first.example' };
const newSession: Session = { id: 'new', sequence: 1, resumeUrl: 'wss://new.example' };

const reason = 'asked';
const ticket = { id: 1, priority: false, presence: false };
const codes = [1000, 4900];

/** A close of each kind: of none, resumed, never at once, session lost, fatal; and one that repeats our own. */
const closes = [1000, 1006, 4000, 4008, 4009, 4014, 4900].map(
  (code) => ({ type: 'socket.closed', code, reason: '', sequence: 9, retryAfterMs: null }) as const,
);

/** Everything the outside can tell a shard, one of each kind that a guard or an action can tell apart. */
export const outside: readonly ShardEvent[] = [
  { type: 'connect', session: null },
  { type: 'connect', session: firstSession },
  { type: 'resume' },
  { type: 'identify' },
  { type: 'reconnect' },
  { type: 'reinstantiate' },
  ...codes.flatMap((code): ShardEvent[] => [
    { type: 'disconnect', code, reason },
    { type: 'close', code, reason },
    { type: 'shutdown', code, reason },
    { type: 'abort', code, reason },
  ]),
  { type: 'send', ticket },
  { type: 'send.cancel', id: 1 },
  { type: 'store.answered', session: null },
  { type: 'store.answered', session: firstSession },
  { type: 'store.failed', reason: 'no disk' },
  { type: 'socket.opened' },
  { type: 'socket.closing', sequence: 12 },
  ...closes,
  { type: 'socket.closed', code: 1006, reason: 'refused', sequence: null, retryAfterMs: 30_000, opened: false },
  { type: 'socket.closed', code: 4000, reason: 'all at once', sequence: 9, retryAfterMs: null, endedTogether: 40 },
  { type: 'socket.closed', code: 4009, reason: 'all at once', sequence: 9, retryAfterMs: null, endedTogether: 40 },
  { type: 'socket.corrupted', reason: 'bad data' },
  { type: 'socket.settled' },
  { type: 'socket.unsent', ticket: { ...ticket, id: 2 } },
  { type: 'gateway.hello', heartbeatIntervalMs: 300 },
  { type: 'gateway.hello', heartbeatIntervalMs: 60_000 },
  { type: 'gateway.ready', session: newSession },
  { type: 'gateway.replayed', sequence: 8 },
  { type: 'gateway.resumed', sequence: 9 },
  { type: 'gateway.reconnect' },
  { type: 'gateway.invalidSession', resumable: true },
  { type: 'gateway.invalidSession', resumable: false },
  { type: 'gateway.heartbeatRequested' },
  { type: 'gateway.acknowledged', latencyMs: 20, quietMs: 0 },
  { type: 'gateway.acknowledged', latencyMs: 20, quietMs: 3_600_000 },
  { type: 'slot.granted' },
  { type: 'slot.expired' },
  { type: 'slot.failed', reason: 'no answer' },
];

/** A report of a child's that comes although the state it belongs to has been left. */
export const strays: readonly ShardEvent[] = [
  { type: 'bucket.granted', ticket: { ...ticket, id: 3 } },
  { type: 'heartbeat.due' },
  { type: 'heartbeat.suspected' },
];

/** The actors of a shard, each of which may fail. */
export const fallible = ['sessionStore', 'socket', 'slot', 'heartbeat', 'bucket'] as const;
