import { causes, type Cause } from '../src/protocol/decision.js';
import { session } from './shard.session.js';
import { shardSetup } from './shard.setup.js';
import { decideByCode, giveUp, standDown, startAnew } from './shard.ways.js';

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
      target: '#shard.Online.closing',
      actions: {
        type: 'decide',
        params: ({ event }): Cause => ({ ...causes.corrupted, reason: `${causes.corrupted.reason}: ${event.reason}` }),
      },
    },
    'gateway.reconnect': giveUp(causes.reconnect),
    reconnect: giveUp(causes.reconnectRequested),
    reinstantiate: startAnew,
    disconnect: {
      target: '#shard.Online.closing',
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
        onError: [
          { guard: 'isStopping', target: 'Offline.stopped' },
          { guard: 'isGoingDown', target: 'Offline.idle' },
          { target: 'Disconnected', actions: { type: 'decide', params: causes.socketFailed } },
        ],
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
