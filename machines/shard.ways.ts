import { causes, closedByGateway, type Cause } from '../src/protocol/decision.js';
import type { ShardCommand, SocketReport } from './shard.types.js';

/** The way out of every connection the shard gives up itself: decide why, close, and come back. */
export const giveUp = <const C extends Cause>(cause: C) =>
  ({ target: '#shard.Online.closing', actions: { type: 'decide', params: cause } }) as const;

type Closed = Extract<SocketReport, { type: 'socket.closed' }>;
type StandDown = Extract<ShardCommand, { type: 'close' | 'shutdown' | 'abort' }>;

export const decideByCode = {
  type: 'decide',
  params: ({ event }: { event: Closed }): Cause => closedByGateway(event.code, event.reason, event.retryAfterMs),
} as const;

/** The user wants it down: a close code that ends the session takes it along. */
export const standDown = [
  { type: 'endSession', params: ({ event }: { event: StandDown }) => event },
  {
    type: 'decide',
    params: ({ event }: { event: StandDown }): Cause => ({ action: 'close', code: event.code, reason: event.reason }),
  },
] as const;

/** The user wants a new session: this one ends with its connection. */
export const startAnew = {
  target: '#shard.Online.closing',
  actions: ['forgetSession', { type: 'decide', params: causes.reinstantiateRequested }],
} as const;
