import type { ShardContext } from '../../../machines/index.js';
import { law, each, timer, dropped } from './law.js';
import { isWithin, type Law } from './lawbook.js';
import {
  ACKNOWLEDGED,
  AWAITING_SLOT,
  BACKING_OFF,
  CONNECTED,
  LASTING,
  PAST_HELLO,
  QUIET,
  RESUMING,
  STABILIZING,
  STABLE,
  UNACKNOWLEDGED,
  dropsAndReturns,
} from './outcomes.js';

const isQuiet = (quiet: ShardContext['quiet'], { quietMs = 0 }: { readonly quietMs?: number }) =>
  quiet !== null && quietMs >= quiet.afterMs;

const beating: readonly Law<ShardContext>[] = [
  law('a heartbeat leaves when it is due', {
    in: PAST_HELLO,
    on: 'heartbeat.due',
    owes: () => ({ frames: ['heartbeat'] }),
  }),
  law('a suspected zombie is asked to read what waits', {
    in: PAST_HELLO,
    on: 'heartbeat.suspected',
    owes: () => ({ frames: ['settle'] }),
  }),
  law('a zombie is dropped and resumed', {
    in: PAST_HELLO,
    on: 'xstate.done.actor.heartbeat',
    owes: ({ context }) => dropsAndReturns(context, dropped('zombie: no heartbeat ack between two beats')),
  }),
  law('a connection without a heart is dropped', {
    in: PAST_HELLO,
    on: 'xstate.error.actor.heartbeat',
    owes: ({ context }) => dropsAndReturns(context, dropped('heartbeat actor failed')),
  }),
  law('an acknowledged heartbeat proves a part: time must pass besides', {
    in: UNACKNOWLEDGED,
    on: 'gateway.acknowledged',
    owes: () => ({ to: ACKNOWLEDGED, frames: ['heartbeat.acknowledged'] }),
  }),
  law('time proves a part: a heartbeat must be acknowledged besides', {
    in: UNACKNOWLEDGED,
    on: 'xstate.after.stableAfter',
    timer: timer(STABILIZING, ({ backoff }) => backoff.stableAfterMs ?? 5_000),
    owes: () => ({ to: LASTING }),
  }),
  law('time and an acknowledged heartbeat prove the connection: what failed before counts no more', {
    in: ACKNOWLEDGED,
    on: 'xstate.after.stableAfter',
    timer: timer(STABILIZING, ({ backoff }) => backoff.stableAfterMs ?? 5_000),
    owes: () => ({ to: STABLE, context: { attempts: 0, identifies: 0 } }),
  }),
  law('an acknowledged heartbeat after that time proves the connection', {
    in: LASTING,
    on: 'gateway.acknowledged',
    owes: () => ({ to: STABLE, frames: ['heartbeat.acknowledged'], context: { attempts: 0, identifies: 0 } }),
  }),
  law('no event for as long as `quiet.after` makes a connection quiet', {
    in: STABLE,
    on: 'gateway.acknowledged',
    if: ({ context: { quiet }, event }) => isQuiet(quiet, event) && quiet?.reconnects === false,
    owes: () => ({ to: QUIET, frames: ['heartbeat.acknowledged'] }),
  }),
  law('with `quiet.reconnect` a quiet connection is dropped and resumed', {
    in: STABLE,
    on: 'gateway.acknowledged',
    if: ({ context: { quiet }, event }) => isQuiet(quiet, event) && quiet?.reconnects === true,
    owes: ({ context }) => dropsAndReturns(context, dropped('no event for as long as `quiet.after`')),
  }),
  law('an event ends the quiet', {
    in: QUIET,
    on: 'gateway.acknowledged',
    if: ({ context: { quiet }, event }) => !isQuiet(quiet, event),
    owes: () => ({ to: STABLE, frames: ['heartbeat.acknowledged'], context: { attempts: 0, identifies: 0 } }),
  }),
  law('a granted payload is sent', {
    in: CONNECTED,
    on: 'bucket.granted',
    owes: ({ event }) => ({ frames: [`send ${event.ticket.id}`] }),
  }),
];

const telling: readonly Law<ShardContext>[] = [
  law('a payload waits in the bucket, whatever the shard does', {
    in: '',
    on: 'send',
    owes: ({ event }) => ({ frames: [`bucket.queue ${event.ticket.id}`] }),
  }),
  law('a payload that was withdrawn leaves the bucket', {
    in: '',
    on: 'send.cancel',
    owes: ({ event }) => ({ frames: [`bucket.cancel ${event.id}`] }),
  }),
  ...each(['bucket.granted', 'socket.unsent'] as const, (type) =>
    law('a payload whose connection went first waits for the next', {
      in: '',
      on: type,
      if: ({ path }) => type === 'socket.unsent' || !isWithin(path, CONNECTED),
      owes: ({ event }) => ({ frames: [`bucket.queue ${event.ticket.id}`] }),
    }),
  ),
  law('the heartbeat hears of its ack', {
    in: [AWAITING_SLOT, BACKING_OFF, RESUMING, ACKNOWLEDGED, STABLE, QUIET],
    on: 'gateway.acknowledged',
    if: ({ path, context: { quiet }, event }) =>
      path === STABLE ? !isQuiet(quiet, event) : path !== QUIET || isQuiet(quiet, event),
    owes: () => ({ frames: ['heartbeat.acknowledged'] }),
  }),
  law('the heartbeat hears that all has been read', {
    in: PAST_HELLO,
    on: 'socket.settled',
    owes: () => ({ frames: ['heartbeat.settled'] }),
  }),
  law('the heartbeat hears that the gateway wants one now', {
    in: PAST_HELLO,
    on: 'gateway.heartbeatRequested',
    owes: () => ({ frames: ['heartbeat.requested'] }),
  }),
];

/** The heart, what proves a connection, and what goes over it. */
export const shardBeatingLaws: readonly Law<ShardContext>[] = [...beating, ...telling];
