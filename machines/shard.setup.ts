import { assign, fromCallback, or, sendTo, setup, stateIn, type EventObject } from 'xstate';
import { clampDelayMs } from '../src/protocol/backoff.js';
import { endsSession, closeCodeRow, RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import { canResume, causes, decide, type Cause } from '../src/protocol/decision.js';
import { nextRandom } from '../src/protocol/random.js';
import { safeSends } from '../src/protocol/sendLimit.js';
import { advanceSession, type Session } from '../src/protocol/session.js';
import { bucketMachine, type BucketEvent, type Ticket } from './bucket.js';
import { heartbeatMachine, type HeartbeatEvent } from './heartbeat.js';
import type {
  ShardContext,
  ShardEvent,
  ShardInput,
  SlotInput,
  SlotReport,
  SocketCommand,
  SocketInput,
  SocketReport,
} from './shard.types.js';

const notProvided = (name: string) => (): never => {
  throw new Error(`The actor "${name}" does I/O: give it with shardMachine.provide({ actors: { ${name} } }).`);
};

/** The parts of the shard's chart by name. Where they take effect is written in shard.ts and in the states it is made of. */
export const shardSetup = setup({
  types: {
    context: {} as ShardContext,
    events: {} as ShardEvent,
    input: {} as ShardInput,
    children: {} as { socket: 'socket'; heartbeat: 'heartbeat'; slot: 'slot'; bucket: 'bucket' },
  },
  actors: {
    socket: fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(notProvided('socket')),
    slot: fromCallback<EventObject, SlotInput, SlotReport & EventObject>(notProvided('slot')),
    heartbeat: heartbeatMachine,
    bucket: bucketMachine,
  },
  guards: {
    isFatalCode: (_, { code }: { code: number }) => closeCodeRow(code).action === 'fatal',
    losesSession: (_, { code }: { code: number }) => closeCodeRow(code).action === 'identify',
    /** The peer's own verdict: an answer with our code is none. */
    answersFatally: ({ context }, { code }: { code: number }) =>
      code !== context.lastDecision?.code && closeCodeRow(code).action === 'fatal',
    answersWithLoss: ({ context }, { code }: { code: number }) =>
      code !== context.lastDecision?.code && closeCodeRow(code).action === 'identify',
    isResumable: (_, { resumable }: { resumable: boolean }) => resumable,
    aimsToResume: ({ context }) => context.target === 'resume',
    staysDown: ({ context }) => context.lastDecision?.action === 'close',
    isStopping: stateIn({ Online: { closing: 'stopping' } }),
    isGoingDown: or([stateIn({ Online: { closing: 'goingOffline' } }), stateIn({ Online: { closing: 'aborting' } })]),
  },
  actions: {
    /** Chooses what the next connection is for. After the last resume try it is the first URL's turn: `Identifying` then gives the session up. */
    aim: assign(({ context }) => {
      const resumes = canResume(context);
      return {
        target: resumes ? ('resume' as const) : ('identify' as const),
        // A first URL that cannot be reached either means an outage, not a dead session: try the resume URL once more.
        resumeTries: resumes ? context.resumeTries + 1 : Math.max(0, context.resumeAttempts - 1),
        attempts: context.attempts + 1,
      };
    }),
    decide: assign(({ context }, cause: Cause) => decide(context, cause)),
    decideToIdentify: assign(({ context: { lastDecision } }) => ({
      lastDecision: lastDecision && {
        ...lastDecision,
        action: 'identify' as const,
        reason: causes.reinstantiateRequested.reason,
      },
    })),
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
        // The guard aimsToResume stands before every way here, and the session outlives it.
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
    handshake: ({ context }) => context.timeouts.handshakeMs,
    hello: ({ context }) => context.timeouts.helloMs,
    ready: ({ context }) => context.timeouts.readyMs,
    resumed: ({ context }) => context.timeouts.resumedMs,
    /** For a gateway that sends on and on and never says RESUMED: nothing queued could leave. */
    replay: ({ context }) => clampDelayMs(REPLAY_LIMIT * context.timeouts.resumedMs),
    close: ({ context }) => context.timeouts.closeMs,
    decided: ({ context }) => context.lastDecision?.delay ?? 0,
  },
});

/** How many times `timeouts.resumed` a whole replay may take. */
const REPLAY_LIMIT = 20;

/** The code and reason of our close frame: those of the decision that led to it. */
function lastWords({ lastDecision }: ShardContext): { code: number; reason: string } {
  return { code: lastDecision?.code ?? RESUMABLE_CLOSE, reason: lastDecision?.reason ?? '' };
}
