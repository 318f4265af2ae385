import { assign, fromCallback, or, sendTo, setup, stateIn, type EventObject } from 'xstate';
import { clampDelayMs } from '../src/protocol/backoff.js';
import { endsSession, closeCodeRow, RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import { causes, closedByGateway, decide, spreadOut, type Cause } from '../src/protocol/decision.js';
import { nextRandom } from '../src/protocol/random.js';
import { targetOf } from '../src/protocol/resumeTarget.js';
import { safeSends } from '../src/protocol/sendLimit.js';
import { advanceSession, type Session } from '../src/protocol/session.js';
import { bucketMachine, type BucketEvent, type Ticket } from './bucket.js';
import { heartbeatMachine, type HeartbeatEvent } from './heartbeat.js';
import type {
  QuietWatch,
  ShardCommand,
  ShardContext,
  ShardEvent,
  ShardInput,
  SlotInput,
  SlotReport,
  SocketCommand,
  SocketInput,
  SocketReport,
  StoreInput,
  StoreReport,
} from './shard.types.js';

type Acknowledged = Extract<SocketReport, { type: 'gateway.acknowledged' }>;

/** Without the field, as in a log of an older release, an event has just come. */
const isSilent = (quiet: QuietWatch | null, { quietMs = 0 }: Acknowledged) =>
  quiet !== null && quietMs >= quiet.afterMs;

const notProvided = (name: string) => (): never => {
  throw new Error(`The actor "${name}" does I/O: give it with shardMachine.provide({ actors: { ${name} } }).`);
};

/** Guards, actions and delays of the shard's chart by name. Where each takes effect is written in shard.ts. */
export const shardSetup = setup({
  types: {
    context: {} as ShardContext,
    events: {} as ShardEvent,
    input: {} as ShardInput,
    children: {} as {
      sessionStore: 'sessionStore';
      socket: 'socket';
      heartbeat: 'heartbeat';
      slot: 'slot';
      bucket: 'bucket';
    },
  },
  actors: {
    sessionStore: fromCallback<EventObject, StoreInput, StoreReport & EventObject>(notProvided('sessionStore')),
    socket: fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(notProvided('socket')),
    slot: fromCallback<EventObject, SlotInput, SlotReport & EventObject>(notProvided('slot')),
    heartbeat: heartbeatMachine,
    bucket: bucketMachine,
  },
  guards: {
    bringsSession: (_, { session }: { session: Session | null }) => session !== null,
    hasSession: ({ context }) => context.session !== null,
    asksStore: ({ context }) => context.asksStore && context.session === null,
    isSessionRequired: stateIn({ awaitingSession: 'required' }),
    isFatalCode: (_, { code }: { code: number }) => closeCodeRow(code).action === 'fatal',
    losesSession: (_, { code }: { code: number }) => closeCodeRow(code).action === 'identify',
    /** The peer's own verdict: an answer with our code is not one. */
    answersFatally: ({ context }, { code }: { code: number }) =>
      code !== context.lastDecision?.code && closeCodeRow(code).action === 'fatal',
    answersWithLoss: ({ context }, { code }: { code: number }) =>
      code !== context.lastDecision?.code && closeCodeRow(code).action === 'identify',
    isResumable: (_, { resumable }: { resumable: boolean }) => resumable,
    staysDown: ({ context }) => context.lastDecision?.action === 'close',
    isPatient: ({ context }) => context.timeouts.readyMs >= PATIENT_READY_MS,
    isAcknowledged: stateIn({ Online: { link: { session: { Connected: { stabilizing: 'acknowledged' } } } } }),
    isQuiet: ({ context: { quiet } }, ack: Acknowledged) => isSilent(quiet, ack),
    isHeard: ({ context: { quiet } }, ack: Acknowledged) => !isSilent(quiet, ack),
    endsByQuiet: ({ context: { quiet } }, ack: Acknowledged) => quiet?.reconnects === true && isSilent(quiet, ack),
    isStopping: stateIn({ Online: { closing: 'stopping' } }),
    isGoingDown: or([stateIn({ Online: { closing: 'goingOffline' } }), stateIn({ Online: { closing: 'aborting' } })]),
  },
  actions: {
    /** The store is asked once: what the shard learns later is newer. */
    passStore: assign({ asksStore: false }),
    /** Chooses where the next connection goes. */
    aim: assign(({ context }) => ({
      target: targetOf(context),
      resumeTries: context.session === null ? 0 : context.resumeTries + 1,
      attempts: context.attempts + 1,
    })),
    decide: assign(({ context }, cause: Cause) => decide(context, cause)),
    decideToIdentify: assign(({ context: { lastDecision } }) => ({
      lastDecision: lastDecision && {
        ...lastDecision,
        action: 'identify' as const,
        reason: causes.reinstantiateRequested.reason,
      },
    })),
    spread: assign(({ context }, { endedTogether = 1 }: { endedTogether?: number }) =>
      spreadOut(context, endedTogether),
    ),
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    countIdentify: assign({ identifies: ({ context }) => context.identifies + 1 }),
    clearAttempts: assign({ attempts: 0, identifies: 0 }),
    clearResumeTries: assign({ resumeTries: 0 }),

    adoptSession: assign(({ context }, { session }: { session: Session | null }) => ({
      session: context.session ?? session,
    })),
    rememberSession: assign((_, { session }: { session: Session }) => ({ session })),
    rememberSequence: assign(({ context }, { sequence }: { sequence: number | null }) => ({
      session: advanceSession(context.session, sequence),
    })),
    forgetSession: assign({ session: null }),
    /** Our close with 1000 or 1001 ends the session on Discord's side. */
    endSession: assign(({ context }, { code }: { code: number }) => ({
      session: endsSession(code) ? null : context.session,
    })),

    rememberInterval: assign((_, { heartbeatIntervalMs }: { heartbeatIntervalMs: number }) => ({
      heartbeatIntervalMs: clampDelayMs(heartbeatIntervalMs),
    })),
    drawFirstBeat: assign(({ context }) => {
      const { value, seed } = nextRandom(context.seed);
      return { firstBeatMs: Math.round(context.heartbeatIntervalMs * value), seed };
    }),
    clearReplayed: assign({ replayed: 0 }),
    countReplayed: assign({ replayed: ({ context }) => context.replayed + 1 }),

    identify: sendTo('socket', { type: 'socket.identify' } satisfies SocketCommand),
    beat: sendTo('socket', { type: 'socket.heartbeat' } satisfies SocketCommand),
    settle: sendTo('socket', { type: 'socket.settle' } satisfies SocketCommand),
    resume: sendTo(
      'socket',
      ({ context }) =>
        // The guard hasSession stands before every way here, and the session outlives it.
        ({ type: 'socket.resume', session: context.session as Session }) satisfies SocketCommand,
    ),
    sendTicket: sendTo(
      'socket',
      (_, { ticket }: { ticket: Ticket }) => ({ type: 'socket.send', ticket }) satisfies SocketCommand,
    ),
    closeSocket: sendTo(
      'socket',
      ({ context }) => ({ type: 'socket.close', ...lastWords(context) }) satisfies SocketCommand,
    ),
    abortSocket: sendTo(
      'socket',
      ({ context }) => ({ type: 'socket.abort', ...lastWords(context) }) satisfies SocketCommand,
    ),

    tellHeartbeat: sendTo('heartbeat', (_, event: HeartbeatEvent) => event),
    tellBucket: sendTo('bucket', (_, event: BucketEvent) => event),
    openBucket: sendTo(
      'bucket',
      ({ context }) =>
        ({ type: 'bucket.open', capacity: safeSends(context.heartbeatIntervalMs) }) satisfies BucketEvent,
    ),
    closeBucket: sendTo('bucket', { type: 'bucket.close' } satisfies BucketEvent),
  },
  delays: {
    store: ({ context }) => context.timeouts.storeMs ?? STORE_LIMIT_MS,
    handshake: ({ context }) => context.timeouts.handshakeMs,
    hello: ({ context }) => context.timeouts.helloMs,
    ready: ({ context }) => context.timeouts.readyMs,
    probe: ({ context }) => context.timeouts.readyMs / 2,
    readyMax: ({ context }) => context.timeouts.readyMaxMs ?? READY_MAX_MS,
    stableAfter: ({ context }) => context.backoff.stableAfterMs ?? STABLE_AFTER_MS,
    resumed: ({ context }) => context.timeouts.resumedMs,
    /** For a gateway that sends on and on and never says RESUMED: nothing queued could leave. */
    replay: ({ context }) => clampDelayMs(REPLAY_LIMIT * context.timeouts.resumedMs),
    close: ({ context }) => context.timeouts.closeMs,
    decided: ({ context }) => context.lastDecision?.delay ?? 0,
  },
});

const STORE_LIMIT_MS = 10_000;
const READY_MAX_MS = 600_000;
const PATIENT_READY_MS = 5_000;
const STABLE_AFTER_MS = 5_000;

/** How many times `timeouts.resumed` a whole replay may take. */
const REPLAY_LIMIT = 20;

/** The code and reason of our close frame: those of the decision that led to it. */
function lastWords({ lastDecision }: ShardContext): { code: number; reason: string } {
  return { code: lastDecision?.code ?? RESUMABLE_CLOSE, reason: lastDecision?.reason ?? '' };
}

export const initialContext = (input: ShardInput): ShardContext => ({
  ...input,
  quiet: input.quiet ?? null,
  asksStore: input.asksStore ?? false,
  attempts: 0,
  identifies: 0,
  resumeTries: 0,
  target: 'firstUrl',
  heartbeatIntervalMs: 0,
  firstBeatMs: 0,
  replayed: 0,
  lastDecision: null,
});

/** The first URL is the socket actor's to ask for. A resume continues from its sequence at either URL. */
export function socketInput({ target, session }: ShardContext): SocketInput {
  return {
    resumeUrl: target === 'resumeUrl' ? (session?.resumeUrl ?? null) : null,
    sequence: session?.sequence ?? null,
  };
}

/** Binds a guard or an action to what its event carries. */
const carried =
  <Carried>() =>
  <const Type extends string>(type: Type) =>
    ({ type, params: ({ event }: { event: Carried }) => event }) as const;

type Closed = Extract<SocketReport, { type: 'socket.closed' }>;
type WithCode = Extract<ShardCommand, { code: number }>;
type WithTicket = { ticket: Ticket };

export const bringsSession = carried<{ session: Session | null }>()('bringsSession');
export const isFatalCode = carried<Closed>()('isFatalCode');
export const losesSession = carried<Closed>()('losesSession');
export const answersFatally = carried<Closed>()('answersFatally');
export const answersWithLoss = carried<Closed>()('answersWithLoss');
export const isQuiet = carried<Acknowledged>()('isQuiet');
export const isHeard = carried<Acknowledged>()('isHeard');
export const endsByQuiet = carried<Acknowledged>()('endsByQuiet');
export const isResumable = carried<{ resumable: boolean }>()('isResumable');

export const adoptSession = carried<{ session: Session | null }>()('adoptSession');
export const rememberSession = carried<{ session: Session }>()('rememberSession');
export const rememberSequence = carried<{ sequence: number | null }>()('rememberSequence');
export const rememberInterval = carried<{ heartbeatIntervalMs: number }>()('rememberInterval');
export const endSession = carried<WithCode>()('endSession');
export const sendTicket = carried<WithTicket>()('sendTicket');
export const spread = carried<Closed>()('spread');

export const queueTicket = {
  type: 'tellBucket',
  params: ({ event }: { event: WithTicket }) => ({ type: 'bucket.queue', ticket: event.ticket }) as const,
} as const;
export const withdrawTicket = {
  type: 'tellBucket',
  params: ({ event }: { event: { id: number } }) => ({ type: 'bucket.cancel', id: event.id }) as const,
} as const;

export const tellHeartbeat = <const Type extends 'heartbeat.settled' | 'heartbeat.requested'>(type: Type) =>
  ({ type: 'tellHeartbeat', params: { type } }) as const;
export const acknowledge = {
  type: 'tellHeartbeat',
  params: ({ event }: { event: { latencyMs: number } }) =>
    ({ type: 'heartbeat.acknowledged', latencyMs: event.latencyMs }) as const,
} as const;

export const decideBy = <const C extends Cause>(cause: C) => ({ type: 'decide', params: cause }) as const;
export const decideByCode = {
  type: 'decide',
  params: ({ event }: { event: Closed }): Cause => closedByGateway(event),
} as const;
const decideWithReason = (cause: Cause) =>
  ({
    type: 'decide',
    params: ({ event }: { event: { reason: string } }): Cause => ({
      ...cause,
      reason: `${cause.reason}: ${event.reason}`,
    }),
  }) as const;
export const decideByCorruption = decideWithReason(causes.corrupted);
export const decideBySlotFailure = decideWithReason(causes.slotFailed);
const decideTo = <const A extends 'resume' | 'close'>(action: A) =>
  ({
    type: 'decide',
    params: ({ event }: { event: WithCode }): Cause => ({ action, code: event.code, reason: event.reason }),
  }) as const;
export const decideByCommand = decideTo('resume');
export const decideToClose = decideTo('close');

/** The user wants it down: a close code that ends the session takes it along. */
export const standDown = [endSession, decideToClose] as const;

/** The way out of every connection the shard gives up itself: decide why, close, and come back. */
export const giveUp = <const C extends Cause>(cause: C) =>
  ({ target: '#shard.Online.closing', actions: decideBy(cause) }) as const;

/** The connection stays, and its identify slot is asked for again after a wait. */
export const backOff = <Decide>(decided: Decide) =>
  ({ target: 'backingOff', actions: [decided, 'countAttempt'] }) as const;

/** The user wants a new session: this one ends with its connection. */
export const renewSession = {
  target: '#shard.Online.closing',
  actions: ['forgetSession', decideBy(causes.reinstantiateRequested)],
} as const;
