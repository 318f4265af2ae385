/*
 * The life of one shard. Names in capitals are the lifecycle states of lifecycle.ts.
 * Offline                    no connection, and none is wanted
 *   idle                     before the first connection, or after a close
 *   fatal                    the gateway refused the shard for good: only a new shard can help
 *   stopped                  shut down for good
 * awaitingSession            Connecting: the session store is asked, and no socket is open
 *   optional                 without a stored session the shard identifies
 *   required                 without a stored session the shard stays down: resume() was called
 * Online                     owns the socket: leaving it terminates the connection
 *   link                     the connection is wanted: whatever ends it is decided here
 *     Connecting
 *       opening              the URL is asked for, TCP, TLS and the WebSocket handshake
 *       awaitingHello        the socket is open
 *     session                owns the heartbeat: from HELLO on, whatever becomes of the session
 *       Identifying
 *         awaitingSlot       owns the place in the identify queue
 *         backingOff         the identify limiter failed; the connection stays and its heart beats
 *         awaitingReady      IDENTIFY has left; every sign of life restarts `timeouts.ready`, and `readyMax` limits the whole
 *           prompt           no sign of life yet
 *           alive            a heartbeat was acknowledged
 *       Resuming
 *         replaying          RESUME has left; every replayed dispatch enters it again, which restarts its limit
 *       Connected
 *         stabilizing        failures still count, until `backoff.stableAfter` has passed and a heartbeat is acknowledged
 *           unacknowledged   neither yet
 *           acknowledged     the time has not passed yet
 *         lasting            the time has passed; failures still count, until a heartbeat is acknowledged
 *         stable
 *         quiet              the same, and no event for as long as the option `quiet` says
 *   closing                  Disconnected: our close frame has left, the peer has `timeouts.close` to answer it (shard.closing.ts)
 *     reconnecting           to come back
 *     goingOffline           to stay down until connect()
 *     stopping               to stay down for good
 *     aborting               for signal handlers: without waiting for the peer
 * Disconnected               waits for the next connection, as long as was decided
 * The send bucket lives as long as the chart. Actors report; they never decide.
 */
import { causes } from '../src/protocol/decision.js';
import { closing } from './shard.closing.js';
import {
  acknowledge,
  adoptSession,
  backOff,
  bringsSession,
  decideBy,
  decideByCode,
  decideByCommand,
  decideByCorruption,
  decideBySlotFailure,
  decideToClose,
  endSession,
  endsByQuiet,
  giveUp,
  initialContext,
  isFatalCode,
  isHeard,
  isQuiet,
  isResumable,
  losesSession,
  queueTicket,
  rememberInterval,
  rememberSequence,
  rememberSession,
  renewSession,
  sendTicket,
  shardSetup,
  socketInput,
  spread,
  standDown,
  tellHeartbeat,
  withdrawTicket,
} from './shard.setup.js';

const Offline = shardSetup.createStateConfig({
  initial: 'idle',
  states: {
    idle: {
      on: {
        connect: [
          { guard: bringsSession, target: '#shard.Online', actions: adoptSession },
          { guard: 'asksStore', target: '#shard.awaitingSession' },
          { target: '#shard.Online' },
        ],
        resume: [
          { guard: 'hasSession', target: '#shard.Online' },
          { guard: 'asksStore', target: '#shard.awaitingSession.required' },
        ],
        reconnect: [{ guard: 'asksStore', target: '#shard.awaitingSession' }, { target: '#shard.Online' }],
        identify: { target: '#shard.Online', actions: 'forgetSession' },
        reinstantiate: { target: '#shard.Online', actions: 'forgetSession' },
        close: { actions: standDown },
        abort: { actions: standDown },
        shutdown: { target: 'stopped', actions: standDown },
      },
    },
    fatal: { on: { shutdown: 'stopped' } },
    stopped: {},
  },
});

/** The store has no session, or none that can be had. */
const withoutSession = [
  { guard: 'isSessionRequired', target: '#shard.Offline.idle', actions: ['passStore', decideBy(causes.noSession)] },
  { target: '#shard.Online' },
] as const;

const awaitingSession = shardSetup.createStateConfig({
  invoke: {
    id: 'sessionStore',
    src: 'sessionStore',
    input: ({ context }) => ({ shardId: context.shardId }),
    onError: withoutSession,
  },
  on: {
    'store.answered': [{ guard: bringsSession, target: '#shard.Online', actions: adoptSession }, ...withoutSession],
    'store.failed': withoutSession,
    connect: [{ guard: bringsSession, target: '#shard.Online', actions: adoptSession }, { target: '.optional' }],
    reconnect: '.optional',
    identify: '#shard.Online',
    reinstantiate: '#shard.Online',
    close: { target: '#shard.Offline.idle', actions: decideToClose },
    abort: { target: '#shard.Offline.idle', actions: decideToClose },
    shutdown: { target: '#shard.Offline.stopped', actions: decideToClose },
  },
  after: { store: withoutSession },
  initial: 'optional',
  states: { optional: {}, required: {} },
});

const Connecting = shardSetup.createStateConfig({
  on: { identify: { guard: 'hasSession', ...renewSession } },
  initial: 'opening',
  states: {
    opening: {
      on: { 'socket.opened': 'awaitingHello' },
      after: { handshake: giveUp(causes.handshakeTimeout) },
    },
    awaitingHello: {
      on: {
        'gateway.hello': [
          { guard: 'hasSession', target: '#shard.Online.link.session.Resuming', actions: rememberInterval },
          { target: '#shard.Online.link.session', actions: rememberInterval },
        ],
      },
      after: { hello: giveUp(causes.helloTimeout) },
    },
  },
});

/**
 * Waits for a sign of life. Discord's heartbeat interval is longer than this wait, so the heart is asked for a beat besides;
 * not where the wait is short, as somebody wants a quick end then.
 */
const listening = {
  on: {
    'gateway.acknowledged': { target: 'alive', reenter: true, actions: acknowledge },
  },
  after: {
    probe: { guard: 'isPatient', actions: tellHeartbeat('heartbeat.requested') },
    ready: giveUp(causes.readyTimeout),
  },
} as const;

const Identifying = shardSetup.createStateConfig({
  initial: 'awaitingSlot',
  states: {
    awaitingSlot: {
      invoke: {
        id: 'slot',
        src: 'slot',
        input: ({ context }) => ({ shardId: context.shardId }),
        onError: backOff(decideBy(causes.slotFailed)),
      },
      on: {
        'slot.granted': 'awaitingReady',
        'slot.expired': backOff(decideBy(causes.slotExpired)),
        'slot.failed': backOff(decideBySlotFailure),
      },
    },
    backingOff: { after: { decided: 'awaitingSlot' } },
    // "Continue to heartbeat; the Gateway will eventually respond and issue a session": another IDENTIFY would be wasted.
    awaitingReady: {
      entry: ['identify', 'countIdentify'],
      on: { 'gateway.ready': { target: '#shard.Online.link.session.Connected', actions: rememberSession } },
      after: { readyMax: giveUp(causes.readyNever) },
      initial: 'prompt',
      states: { prompt: listening, alive: listening },
    },
  },
});

const Resuming = shardSetup.createStateConfig({
  entry: ['clearReplayed', 'resume'],
  on: {
    identify: renewSession,
    'gateway.resumed': { target: 'Connected', actions: rememberSequence },
  },
  after: { replay: giveUp(causes.replayTimeout) },
  initial: 'replaying',
  states: {
    replaying: {
      on: {
        'gateway.replayed': {
          target: 'replaying',
          reenter: true,
          actions: ['countReplayed', 'clearResumeTries', rememberSequence],
        },
      },
      after: { resumed: giveUp(causes.resumedTimeout) },
    },
  },
});

const Connected = shardSetup.createStateConfig({
  entry: ['clearResumeTries', 'openBucket'],
  on: { 'bucket.granted': { actions: sendTicket } },
  exit: 'closeBucket',
  initial: 'stabilizing',
  states: {
    // READY proves little: a gateway that accepts and drops at once must not burn identifies. Time and a beat prove more.
    stabilizing: {
      after: { stableAfter: [{ guard: 'isAcknowledged', target: 'stable' }, { target: 'lasting' }] },
      initial: 'unacknowledged',
      states: {
        unacknowledged: { on: { 'gateway.acknowledged': { target: 'acknowledged', actions: acknowledge } } },
        acknowledged: {},
      },
    },
    lasting: { on: { 'gateway.acknowledged': { target: 'stable', actions: acknowledge } } },
    stable: {
      entry: 'clearAttempts',
      on: {
        'gateway.acknowledged': [
          { guard: endsByQuiet, ...giveUp(causes.quiet) },
          { guard: isQuiet, target: 'quiet', actions: acknowledge },
        ],
      },
    },
    // Acknowledged and without an event for hours happens. The observer of the shard says so once a silence.
    quiet: { on: { 'gateway.acknowledged': { guard: isHeard, target: 'stable', actions: acknowledge } } },
  },
});

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
    'socket.settled': { actions: tellHeartbeat('heartbeat.settled') },
    'gateway.heartbeatRequested': { actions: tellHeartbeat('heartbeat.requested') },
    'gateway.acknowledged': { actions: acknowledge },
    'gateway.invalidSession': [
      { guard: isResumable, ...giveUp(causes.invalidSessionResumable) },
      { target: '#shard.Online.closing', actions: ['forgetSession', decideBy(causes.invalidSession)] },
    ],
  },
  initial: 'Identifying',
  states: { Identifying, Resuming, Connected },
});

const link = shardSetup.createStateConfig({
  on: {
    'socket.closed': [
      { guard: isFatalCode, target: '#shard.Offline.fatal', actions: ['forgetSession', decideByCode] },
      { guard: losesSession, target: '#shard.Disconnected', actions: ['forgetSession', decideByCode, spread] },
      { target: '#shard.Disconnected', actions: [rememberSequence, decideByCode, spread] },
    ],
    'socket.corrupted': { target: '#shard.Online.closing', actions: decideByCorruption },
    'gateway.reconnect': giveUp(causes.reconnect),
    reconnect: giveUp(causes.reconnectRequested),
    reinstantiate: renewSession,
    disconnect: { target: '#shard.Online.closing', actions: [endSession, decideByCommand] },
    close: { target: '#shard.Online.closing.goingOffline', actions: standDown },
    shutdown: { target: '#shard.Online.closing.stopping', actions: standDown },
    abort: { target: '#shard.Online.closing.aborting', actions: standDown },
  },
  initial: 'Connecting',
  states: { Connecting, session },
});

const Online = shardSetup.createStateConfig({
  entry: ['passStore', 'aim'],
  invoke: {
    id: 'socket',
    src: 'socket',
    input: ({ context }) => socketInput(context),
    onError: [
      { guard: 'isStopping', target: '#shard.Offline.stopped' },
      { guard: 'isGoingDown', target: '#shard.Offline.idle' },
      { target: '#shard.Disconnected', actions: decideBy(causes.socketFailed) },
    ],
  },
  initial: 'link',
  states: { link, closing },
});

const Disconnected = shardSetup.createStateConfig({
  always: { guard: 'staysDown', target: '#shard.Offline.idle' },
  on: {
    // The wait stays as it is: asking for a new session is no way around the back-off.
    identify: { actions: ['forgetSession', 'decideToIdentify'] },
    reinstantiate: { actions: ['forgetSession', 'decideToIdentify'] },
    close: { target: '#shard.Offline.idle', actions: standDown },
    shutdown: { target: '#shard.Offline.stopped', actions: standDown },
    abort: { target: '#shard.Offline.idle', actions: standDown },
  },
  after: { decided: '#shard.Online' },
});

/** One shard. See [Discord Docs/Gateway](https://docs.discord.com/developers/events/gateway#connection-lifecycle). */
export const shardMachine = shardSetup.createMachine({
  id: 'shard',
  options: { maxIterations: 100 },
  context: ({ input }) => initialContext(input),
  invoke: {
    id: 'bucket',
    src: 'bucket',
    onError: { target: '.Offline.fatal', actions: decideBy(causes.bucketFailed) },
  },
  on: {
    send: { actions: queueTicket },
    'send.cancel': { actions: withdrawTicket },
    // The connection went before the payload did: it is first in line for the next.
    'bucket.granted': { actions: queueTicket },
    'socket.unsent': { actions: queueTicket },
  },
  initial: 'Offline',
  states: { Offline, awaitingSession, Online, Disconnected },
});
