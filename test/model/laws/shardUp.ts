import type { ShardContext } from '../../../machines/index.js';
import { law, each, timer, dropped, NEW_SESSION, isToResume } from './law.js';
import { shardBeatingLaws } from './shardBeating.js';
import { Expectation, type Begins, type Law, type Outcome, type Position } from './lawbook.js';
import {
  advanced,
  AWAITING_HELLO,
  AWAITING_READY,
  AWAITING_SESSION,
  AWAITING_SLOT,
  BACKING_OFF,
  decides,
  drawn,
  dropsAndReturns,
  IDLE,
  OPENING,
  opens,
  READY_ALIVE,
  READY_PROMPT,
  REPLAYING,
  RESUMING,
  SESSION_OPTIONAL,
  SESSION_REQUIRED,
  UNACKNOWLEDGED,
} from './outcomes.js';

export const shardBegins: Begins<ShardContext> = {
  in: IDLE,
  context: {
    attempts: 0,
    identifies: 0,
    resumeTries: 0,
    target: 'firstUrl',
    heartbeatIntervalMs: 0,
    firstBeatMs: 0,
    replayed: 0,
    lastDecision: null,
  },
};

/** The store is there, was not asked yet, and no newer session is known. */
const mayBeStored = ({ asksStore, session }: ShardContext) => asksStore && session === null;

/** connect without a session, or reconnect, which never has one. */
const bringsNone = ({ event }: { readonly event: object }) => !('session' in event) || event.session === null;

/** No stored session: resume() stays down, all else identifies. */
const withoutSession = ({ path, context }: Position<ShardContext>): Outcome<ShardContext> =>
  path === SESSION_REQUIRED
    ? {
        to: IDLE,
        context: {
          asksStore: false,
          ...decides(context, { action: 'close', code: null, reason: 'no session to resume' }),
        },
      }
    : opens(context);

const awaitingSession: readonly Law<ShardContext>[] = [
  law('a stored session is resumed', {
    in: AWAITING_SESSION,
    on: 'store.answered',
    if: ({ event }) => event.session !== null,
    owes: ({ context, event }) => opens({ ...context, session: event.session }),
  }),
  law('a store without a session holds nothing up', {
    in: AWAITING_SESSION,
    on: 'store.answered',
    if: ({ event }) => event.session === null,
    owes: withoutSession,
  }),
  law('a store that fails holds nothing up', { in: AWAITING_SESSION, on: 'store.failed', owes: withoutSession }),
  law('a store actor that fails holds nothing up', {
    in: AWAITING_SESSION,
    on: 'xstate.error.actor.sessionStore',
    owes: withoutSession,
  }),
  law('the store has its time', {
    in: AWAITING_SESSION,
    on: 'xstate.after.store',
    timer: timer(AWAITING_SESSION, ({ timeouts }) => timeouts.storeMs ?? 10_000),
    owes: withoutSession,
  }),
  ...each(['connect', 'reconnect'], (type) =>
    law(`${type} during a resume that asks the store goes up without a session too`, {
      in: SESSION_REQUIRED,
      on: type,
      if: bringsNone,
      owes: () => ({ to: SESSION_OPTIONAL }),
    }),
  ),
  ...each(['identify', 'reinstantiate'], (type) =>
    law(`${type} does not wait for the store`, {
      in: AWAITING_SESSION,
      on: type,
      owes: ({ context }) => opens(context),
    }),
  ),
];

const goingUp: readonly Law<ShardContext>[] = [
  law('connect opens a connection for the session it brings, unless there is one', {
    in: [IDLE, AWAITING_SESSION],
    on: 'connect',
    if: ({ path, event, context }) => event.session !== null || (path === IDLE && !mayBeStored(context)),
    owes: ({ context, event }) => opens({ ...context, session: context.session ?? event.session }),
  }),
  ...each(['connect', 'reconnect'], (type) =>
    law(`${type} without a session asks the store first, once`, {
      in: IDLE,
      on: type,
      if: (facts) => mayBeStored(facts.context) && bringsNone(facts),
      owes: () => ({ to: SESSION_OPTIONAL }),
    }),
  ),
  law('resume asks the store where no session is known', {
    in: IDLE,
    on: 'resume',
    if: ({ context }) => mayBeStored(context),
    owes: () => ({ to: SESSION_REQUIRED }),
  }),
  law('resume goes up within the session', {
    in: IDLE,
    on: 'resume',
    if: ({ context }) => context.session !== null,
    owes: ({ context }) => opens(context),
  }),
  law('reconnect goes up where there is no connection', {
    in: IDLE,
    on: 'reconnect',
    if: ({ context }) => !mayBeStored(context),
    owes: ({ context }) => opens(context),
  }),
  ...each(['identify', 'reinstantiate'], (type) =>
    law(`${type} goes up with a new session`, {
      in: IDLE,
      on: type,
      owes: ({ context }) => opens({ ...context, session: null }),
    }),
  ),
  ...awaitingSession,
  law('an open socket waits for HELLO', { in: OPENING, on: 'socket.opened', owes: () => ({ to: AWAITING_HELLO }) }),
  law('a handshake has its time', {
    in: OPENING,
    on: 'xstate.after.handshake',
    timer: timer(OPENING, ({ timeouts }) => timeouts.handshakeMs),
    owes: ({ context }) => dropsAndReturns(context, dropped('handshake timed out')),
  }),
  law('HELLO has its time', {
    in: AWAITING_HELLO,
    on: 'xstate.after.hello',
    timer: timer(AWAITING_HELLO, ({ timeouts }) => timeouts.helloMs),
    owes: ({ context }) => dropsAndReturns(context, dropped('no HELLO in time')),
  }),
  law('HELLO is answered with RESUME where there is a session, at either URL', {
    in: AWAITING_HELLO,
    on: 'gateway.hello',
    if: isToResume,
    owes: ({ context, event }) => ({
      to: REPLAYING,
      frames: [`resume ${context.session?.id}@${context.session?.sequence}`],
      context: { ...heartbeats(context, event.heartbeatIntervalMs), replayed: 0 },
    }),
  }),
  law('HELLO without a session asks for an identify slot', {
    in: AWAITING_HELLO,
    on: 'gateway.hello',
    if: (facts) => !isToResume(facts),
    owes: ({ context, event }) => ({
      to: AWAITING_SLOT,
      context: heartbeats(context, event.heartbeatIntervalMs),
    }),
  }),
  law('identify during a resume drops it', {
    in: ['Online.link.Connecting', RESUMING],
    on: 'identify',
    if: isToResume,
    owes: ({ context }) => dropsAndReturns(context, NEW_SESSION, null),
  }),
];

/** The interval of HELLO, and a first beat within it. */
function heartbeats(context: ShardContext, intervalMs: number) {
  const heartbeatIntervalMs = intervalMs > 0 ? Math.min(intervalMs, 2_147_483_647) : 0;
  return {
    heartbeatIntervalMs,
    seed: drawn(context),
    firstBeatMs: new Expectation(`0-${heartbeatIntervalMs} ms`, (value) => {
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= Math.ceil(heartbeatIntervalMs);
    }),
  };
}

const identifying: readonly Law<ShardContext>[] = [
  law('IDENTIFY leaves once its slot is granted', {
    in: AWAITING_SLOT,
    on: 'slot.granted',
    owes: ({ context }) => ({
      to: READY_PROMPT,
      frames: ['identify'],
      context: { identifies: context.identifies + 1 },
    }),
  }),
  law('a grant that ran out is asked for again, later', {
    in: AWAITING_SLOT,
    on: 'slot.expired',
    owes: ({ context }) => backsOff(context, 'identify grant ran out'),
  }),
  law('a limiter that fails is asked again, later', {
    in: AWAITING_SLOT,
    on: 'slot.failed',
    owes: ({ context, event }) => backsOff(context, `identify limiter failed: ${event.reason}`),
  }),
  law('a slot actor that fails is asked again, later', {
    in: AWAITING_SLOT,
    on: 'xstate.error.actor.slot',
    owes: ({ context }) => backsOff(context, 'identify limiter failed'),
  }),
  law('the slot is asked for again after the wait that was decided', {
    in: BACKING_OFF,
    on: 'xstate.after.decided',
    timer: timer(BACKING_OFF, ({ lastDecision }) => lastDecision?.delay ?? Number.NaN),
    owes: () => ({ to: AWAITING_SLOT }),
  }),
  law('READY begins a session', {
    in: AWAITING_READY,
    on: 'gateway.ready',
    owes: ({ event }) => ({ to: UNACKNOWLEDGED, context: { session: event.session, resumeTries: 0 } }),
  }),
  ...[READY_PROMPT, READY_ALIVE].flatMap((state) => {
    return [
      law('READY has its time, from the last sign of life on', {
        in: state,
        on: 'xstate.after.ready',
        timer: timer(state, ({ timeouts }) => timeouts.readyMs),
        owes: ({ context }) => dropsAndReturns(context, dropped('no READY in time')),
      }),
      law('half of that time without a sign of life: the gateway is asked for one', {
        in: state,
        on: 'xstate.after.probe',
        timer: timer(state, ({ timeouts }) => timeouts.readyMs / 2),
        if: ({ context: { timeouts } }) => timeouts.readyMs >= 5_000,
        owes: () => ({ frames: ['heartbeat.requested'] }),
      }),
      law('an acknowledged heartbeat gives READY its time again', {
        in: state,
        on: 'gateway.acknowledged',
        restarts: READY_ALIVE,
        owes: () => ({ to: READY_ALIVE, frames: ['heartbeat.acknowledged'] }),
      }),
    ];
  }),
  law('READY is not waited for without end, whatever is acknowledged', {
    in: AWAITING_READY,
    on: 'xstate.after.readyMax',
    timer: timer(AWAITING_READY, ({ timeouts }) => timeouts.readyMaxMs ?? 600_000),
    owes: ({ context }) => dropsAndReturns(context, dropped('no READY, though the connection is alive')),
  }),
];

const backsOff = (context: ShardContext, reason: string): Outcome<ShardContext> => ({
  to: BACKING_OFF,
  context: {
    ...decides(context, { action: 'identify', code: null, reason, persists: true, backsOff: true }),
    attempts: context.attempts + 1,
  },
});

const resuming: readonly Law<ShardContext>[] = [
  law('a replayed dispatch restarts the wait for RESUMED, and proves the URL and the session', {
    in: REPLAYING,
    on: 'gateway.replayed',
    restarts: REPLAYING,
    owes: ({ context, event }) => ({
      context: { replayed: context.replayed + 1, resumeTries: 0, session: advanced(context.session, event.sequence) },
    }),
  }),
  law('RESUMED ends a resume', {
    in: RESUMING,
    on: 'gateway.resumed',
    owes: ({ context, event }) => ({
      to: UNACKNOWLEDGED,
      context: { session: advanced(context.session, event.sequence), resumeTries: 0 },
    }),
  }),
  law('RESUMED has its time', {
    in: REPLAYING,
    on: 'xstate.after.resumed',
    timer: timer(REPLAYING, ({ timeouts }) => timeouts.resumedMs),
    owes: ({ context }) => dropsAndReturns(context, dropped('no RESUMED in time')),
  }),
  law('a replay without an end has an end', {
    in: RESUMING,
    on: 'xstate.after.replay',
    timer: timer(RESUMING, ({ timeouts }) => 20 * timeouts.resumedMs),
    owes: ({ context }) => dropsAndReturns(context, dropped('no RESUMED, though dispatches came')),
  }),
];

/** What a shard owes on its way up and while it is there. */
export const shardUpLaws: readonly Law<ShardContext>[] = [...goingUp, ...identifying, ...resuming, ...shardBeatingLaws];
