import { causes, closedByGateway, type Cause } from '../src/protocol/decision.js';
import { shardSetup } from './shard.setup.js';
import type { ShardCommand, SocketReport } from './shard.types.js';

/** The way out of every connection the shard gives up itself: decide why, close, and come back. */
const giveUp = <const C extends Cause>(cause: C) =>
  ({ target: '#shard.Online.closing.reconnecting', actions: { type: 'decide', params: cause } }) as const;

type Closed = Extract<SocketReport, { type: 'socket.closed' }>;
type StandDown = Extract<ShardCommand, { type: 'close' | 'shutdown' | 'abort' }>;

const decideByCode = {
  type: 'decide',
  params: ({ event }: { event: Closed }): Cause => closedByGateway(event.code, event.reason, event.retryAfterMs),
} as const;

/** The user wants it down: a close code that ends the session takes it along. */
const standDown = [
  { type: 'endSession', params: ({ event }: { event: StandDown }) => event },
  {
    type: 'decide',
    params: ({ event }: { event: StandDown }): Cause => ({ action: 'close', code: event.code, reason: event.reason }),
  },
] as const;

/** The user wants a new session: this one ends with its connection. */
const startAnew = {
  target: '#shard.Online.closing.reconnecting',
  actions: ['forgetSession', { type: 'decide', params: causes.reinstantiateRequested }],
} as const;

const acknowledge = {
  type: 'tellHeartbeat',
  params: ({ event }: { event: { latencyMs: number } }) =>
    ({ type: 'heartbeat.acknowledged', latencyMs: event.latencyMs }) as const,
} as const;

const Identifying = shardSetup.createStateConfig({
  // The first URL has answered: only now is a session given up that could not be resumed.
  entry: 'forgetSession',
  initial: 'awaitingSlot',
  states: {
    awaitingSlot: {
      invoke: {
        id: 'slot',
        src: 'slot',
        input: ({ context }) => ({ shardId: context.shardId }),
        onError: { target: 'backingOff', actions: [{ type: 'decide', params: causes.slotFailed }, 'countAttempt'] },
      },
      on: {
        'slot.granted': 'awaitingReady',
        'slot.expired': {
          target: 'backingOff',
          actions: [{ type: 'decide', params: causes.slotExpired }, 'countAttempt'],
        },
        'slot.failed': {
          target: 'backingOff',
          actions: [
            {
              type: 'decide',
              params: ({ event }): Cause => ({
                ...causes.slotFailed,
                reason: `${causes.slotFailed.reason}: ${event.reason}`,
              }),
            },
            'countAttempt',
          ],
        },
      },
    },
    // The connection is sound and its heart beats: only the slot is asked for again.
    backingOff: { after: { decided: 'awaitingSlot' } },
    awaitingReady: {
      entry: ['identify', 'countIdentify'],
      on: {
        'gateway.ready': {
          target: '#shard.Online.link.session.Connected',
          actions: { type: 'rememberSession', params: ({ event }) => event },
        },
      },
      after: { ready: giveUp(causes.readyTimeout) },
    },
  },
});

const Resuming = shardSetup.createStateConfig({
  entry: ['clearReplayed', 'resume'],
  on: {
    identify: startAnew,
    'gateway.resumed': {
      target: 'Connected',
      actions: { type: 'rememberSequence', params: ({ event }) => event },
    },
  },
  after: { replay: giveUp(causes.replayTimeout) },
  initial: 'replaying',
  states: {
    // Entered anew by every replayed dispatch, which starts its limit anew.
    replaying: {
      on: {
        'gateway.replayed': {
          target: 'replaying',
          reenter: true,
          actions: ['countReplayed', { type: 'rememberSequence', params: ({ event }) => event }],
        },
      },
      after: { resumed: giveUp(causes.resumedTimeout) },
    },
  },
});

const Connected = shardSetup.createStateConfig({
  entry: ['clearResumeTries', 'openBucket'],
  on: {
    'bucket.granted': { actions: { type: 'sendTicket', params: ({ event }) => event } },
  },
  exit: 'closeBucket',
  initial: 'stabilizing',
  states: {
    // READY proves little: a gateway that accepts and drops at once must not burn identifies. An acknowledged beat does.
    stabilizing: { on: { 'gateway.acknowledged': { target: 'stable', actions: acknowledge } } },
    stable: { entry: 'clearAttempts' },
  },
});

/** From HELLO on the connection has a heartbeat, whatever becomes of the session. */
const session = shardSetup.createStateConfig({
  entry: 'drawFirstBeat',
  invoke: {
    id: 'heartbeat',
    src: 'heartbeat',
    input: ({ context }) => ({ intervalMs: context.heartbeatIntervalMs, firstBeatMs: context.firstBeatMs }),
    onDone: giveUp(causes.zombie),
    onError: giveUp(causes.heartbeatFailed),
  },
  on: {
    'heartbeat.due': { actions: 'beat' },
    'heartbeat.suspected': { actions: 'settle' },
    'socket.settled': { actions: { type: 'tellHeartbeat', params: { type: 'heartbeat.settled' } } },
    'gateway.heartbeatRequested': { actions: { type: 'tellHeartbeat', params: { type: 'heartbeat.requested' } } },
    'gateway.acknowledged': { actions: acknowledge },
    'gateway.invalidSession': [
      {
        guard: { type: 'isResumable', params: ({ event }) => event },
        ...giveUp(causes.invalidSessionResumable),
      },
      {
        target: '#shard.Online.closing.reconnecting',
        actions: ['forgetSession', { type: 'decide', params: causes.invalidSession }],
      },
    ],
  },
  initial: 'Identifying',
  states: { Identifying, Resuming, Connected },
});

const Connecting = shardSetup.createStateConfig({
  on: { identify: { guard: 'aimsToResume', ...startAnew } },
  initial: 'opening',
  states: {
    opening: {
      on: { 'socket.opened': 'awaitingHello' },
      after: { handshake: giveUp(causes.handshakeTimeout) },
    },
    awaitingHello: {
      on: {
        'gateway.hello': [
          {
            guard: 'aimsToResume',
            target: '#shard.Online.link.session.Resuming',
            actions: { type: 'rememberInterval', params: ({ event }) => event },
          },
          {
            target: '#shard.Online.link.session',
            actions: { type: 'rememberInterval', params: ({ event }) => event },
          },
        ],
      },
      after: { hello: giveUp(causes.helloTimeout) },
    },
  },
});

/** The connection is wanted. Whatever ends it is decided here. */
const link = shardSetup.createStateConfig({
  on: {
    'socket.closed': [
      {
        guard: { type: 'isFatalCode', params: ({ event }) => event },
        target: '#shard.Offline.fatal',
        actions: ['forgetSession', decideByCode],
      },
      {
        guard: { type: 'losesSession', params: ({ event }) => event },
        target: '#shard.Disconnected',
        actions: ['forgetSession', decideByCode],
      },
      {
        target: '#shard.Disconnected',
        actions: [{ type: 'rememberSequence', params: ({ event }) => event }, decideByCode],
      },
    ],
    'socket.corrupted': {
      target: '#shard.Online.closing.reconnecting',
      actions: {
        type: 'decide',
        params: ({ event }): Cause => ({ ...causes.corrupted, reason: `${causes.corrupted.reason}: ${event.reason}` }),
      },
    },
    'gateway.reconnect': giveUp(causes.reconnect),
    reconnect: giveUp(causes.reconnectRequested),
    reinstantiate: startAnew,
    disconnect: {
      target: '#shard.Online.closing.reconnecting',
      actions: [
        { type: 'endSession', params: ({ event }) => event },
        {
          type: 'decide',
          params: ({ event }): Cause => ({ action: 'resume', code: event.code, reason: event.reason }),
        },
      ],
    },
    close: { target: '#shard.Online.closing.goingOffline', actions: standDown },
    shutdown: { target: '#shard.Online.closing.stopping', actions: standDown },
    abort: { target: '#shard.Online.closing.aborting', actions: standDown },
  },
  initial: 'Connecting',
  states: { Connecting, session },
});

/** Our close is on its way and the peer has `timeouts.close` to answer it. Leaving this state terminates what is left. */
const closing = shardSetup.createStateConfig({
  on: {
    'socket.closing': { actions: { type: 'rememberSequence', params: ({ event }) => event } },
    shutdown: { target: '.stopping', actions: standDown },
  },
  initial: 'reconnecting',
  states: {
    reconnecting: {
      entry: 'closeSocket',
      on: {
        'socket.closed': [
          {
            guard: { type: 'answersFatally', params: ({ event }) => event },
            target: '#shard.Offline.fatal',
            actions: ['forgetSession', decideByCode],
          },
          {
            guard: { type: 'answersWithLoss', params: ({ event }) => event },
            target: '#shard.Disconnected',
            actions: ['forgetSession', decideByCode],
          },
          { target: '#shard.Disconnected' },
        ],
        // With autoReconnect off the way leads down, unless the user wants up meanwhile.
        connect: { guard: 'staysDown', actions: { type: 'decide', params: causes.connectRequested } },
        reconnect: { guard: 'staysDown', actions: { type: 'decide', params: causes.reconnectRequested } },
        identify: { actions: startAnew.actions },
        reinstantiate: { actions: startAnew.actions },
        close: { target: 'goingOffline', actions: standDown },
        abort: { target: 'aborting', actions: standDown },
      },
      after: { close: '#shard.Disconnected' },
    },
    goingOffline: {
      entry: 'closeSocket',
      on: {
        'socket.closed': '#shard.Offline.idle',
        connect: { target: 'reconnecting', actions: { type: 'decide', params: causes.connectRequested } },
        identify: { target: 'reconnecting', actions: startAnew.actions },
        close: { actions: standDown },
        abort: { target: 'aborting', actions: standDown },
      },
      after: { close: '#shard.Offline.idle' },
    },
    stopping: {
      entry: 'closeSocket',
      on: {
        'socket.closed': '#shard.Offline.stopped',
        shutdown: {},
        abort: { actions: [...standDown, 'abortSocket'] },
      },
      after: { close: '#shard.Offline.stopped' },
    },
    // For signal handlers: the socket is gone before the command returns.
    aborting: {
      entry: 'abortSocket',
      on: {
        'socket.closed': '#shard.Offline.idle',
        shutdown: 'stopping',
        abort: { actions: [...standDown, 'abortSocket'] },
      },
      after: { close: '#shard.Offline.idle' },
    },
  },
});

/**
 * The life of one shard.
 *
 * Rule one: everything that decides what a shard does next stands here, in the other charts of this folder, or in a table
 * of src/protocol. Actors report, they never decide. Lifetimes are states: `Online` owns the socket, `session` the
 * heartbeat, `awaitingSlot` the place in the identify queue, the whole chart the send bucket.
 *
 * See [Discord Docs/Gateway](https://docs.discord.com/developers/events/gateway#connection-lifecycle).
 */
export const shardMachine = shardSetup.createMachine({
  id: 'shard',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    attempts: 0,
    identifies: 0,
    resumeTries: 0,
    target: 'identify',
    heartbeatIntervalMs: 0,
    firstBeatMs: 0,
    replayed: 0,
    lastDecision: null,
  }),
  invoke: {
    id: 'bucket',
    src: 'bucket',
    onError: { target: '.Offline.fatal', actions: { type: 'decide', params: causes.bucketFailed } },
  },
  on: {
    send: { actions: { type: 'tellBucket', params: ({ event }) => ({ type: 'bucket.queue', ticket: event.ticket }) } },
    'send.cancel': {
      actions: { type: 'tellBucket', params: ({ event }) => ({ type: 'bucket.cancel', id: event.id }) },
    },
    // The connection went before the payload did: it is first in line for the next.
    'bucket.granted': {
      actions: { type: 'tellBucket', params: ({ event }) => ({ type: 'bucket.queue', ticket: event.ticket }) },
    },
    'socket.unsent': {
      actions: { type: 'tellBucket', params: ({ event }) => ({ type: 'bucket.queue', ticket: event.ticket }) },
    },
  },
  initial: 'Offline',
  states: {
    Offline: {
      initial: 'idle',
      states: {
        idle: {
          on: {
            connect: { target: '#shard.Online', actions: { type: 'adoptSession', params: ({ event }) => event } },
            reconnect: '#shard.Online',
            identify: { target: '#shard.Online', actions: 'forgetSession' },
            reinstantiate: { target: '#shard.Online', actions: 'forgetSession' },
            close: { actions: standDown },
            abort: { actions: standDown },
            shutdown: { target: 'stopped', actions: standDown },
          },
        },
        // Trying again cannot help: only a new shard, with what was wrong put right.
        fatal: { on: { shutdown: 'stopped' } },
        stopped: {},
      },
    },
    Online: {
      entry: 'aim',
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context }) => ({
          resumeUrl: context.target === 'resume' ? (context.session?.resumeUrl ?? null) : null,
          sequence: context.session?.sequence ?? null,
        }),
        onError: { target: 'Disconnected', actions: { type: 'decide', params: causes.socketFailed } },
      },
      initial: 'link',
      states: { link, closing },
    },
    Disconnected: {
      always: { guard: 'staysDown', target: '#shard.Offline.idle' },
      on: {
        // The wait stays as it is: asking for a new session is no way around the back-off.
        identify: { actions: ['forgetSession', 'decideToIdentify'] },
        reinstantiate: { actions: ['forgetSession', 'decideToIdentify'] },
        close: { target: '#shard.Offline.idle', actions: standDown },
        shutdown: { target: '#shard.Offline.stopped', actions: standDown },
        abort: { target: '#shard.Offline.idle', actions: standDown },
      },
      after: { decided: 'Online' },
    },
  },
});
