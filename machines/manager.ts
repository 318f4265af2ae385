/*
 * The states of a manager, in the order of its life:
 *
 *   Offline       idle     nothing runs
 *                 failed   the last start failed; connect tries again
 *                 stopped  shut down for good
 *   Preparing              asks GET /gateway/bot and the session store
 *   Online
 *     Starting             connects the first set; one shard that is refused fails the start
 *     Running              no operation is under way
 *     Scaling              shards of the current set come and go
 *     Restarting           each shard drops its connection and comes back
 *     Resharding
 *       preparing          asks as Preparing does; the current set notices nothing up to the hand-over
 *       raising            the next set connects beside the current one
 *       awaitingAway       shards that are away come back first: each still has missed events to deliver
 *       draining           after the hand-over: the previous set stays connected for what is on its way to it
 *       retiring           the previous set goes down
 *       abandoning         called off or failed: the next set goes down
 *   Closing                every shard goes down, within `timeouts.close`
 *       goingOffline       to Offline.idle
 *       comingBack         to Preparing: a connect waits for it
 *       failing            to Offline.failed
 *       stopping           to Offline.stopped
 */
import { RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import { actions, guards, managerSetup, newManager, reportFailed } from './manager.setup.js';

const RUNNING = '#manager.Online.Running';

/** Nothing runs. */
const Offline = managerSetup.createStateConfig({
  initial: 'idle',
  states: {
    idle: { on: { connect: '#manager.Preparing', shutdown: 'stopped' } },
    failed: { on: { connect: '#manager.Preparing', shutdown: 'stopped' } },
    stopped: {},
  },
});

/** Finds out the gateway's URL and limits, the number of shards, and their sessions. */
const Preparing = managerSetup.createStateConfig({
  invoke: {
    id: 'preparation',
    src: 'preparation',
    input: { for: 'connect' },
    onError: { target: 'Offline.failed', actions: reportFailed('unprepared') },
  },
  on: {
    'manager.prepared': { target: 'Online', actions: actions.createCurrent },
    'manager.unprepared': { target: 'Offline.failed', actions: reportFailed('unprepared') },
    close: { target: 'Offline.idle', actions: 'reportOffline' },
    abort: { target: 'Offline.idle', actions: 'reportOffline' },
    shutdown: { target: 'Offline.stopped', actions: 'reportOffline' },
  },
});

/** Connects the first set. The start is done when each shard has been Connected. */
const Starting = managerSetup.createStateConfig({
  always: [
    {
      // All shards have the token and the intents that this one was refused for: no further identify is spent on them.
      guard: 'hasFailed',
      target: '#manager.Closing.failing',
      actions: {
        type: 'closeAll',
        params: { code: RESUMABLE_CLOSE, reason: 'a shard could not start', isAbort: false },
      },
    },
    { guard: 'canOpen', actions: 'openShards' },
    { guard: 'isStarted', target: 'Running', actions: 'reportDone' },
  ],
});

/** No operation is under way. Shards that lose their connection come back by themselves. */
const Running = managerSetup.createStateConfig({
  on: {
    // Done at once where no shard is down.
    connect: { target: 'Scaling', actions: 'startDown' },
    scale: { target: 'Scaling', actions: actions.scale },
    restart: [
      { guard: guards.canAffordRestart, target: 'Restarting', actions: actions.planRestart },
      { actions: ['beginOperation', reportFailed('overBudget')] },
    ],
    reshard: 'Resharding',
  },
});

/** Shards of the current set come and go. */
const Scaling = managerSetup.createStateConfig({
  entry: 'beginOperation',
  always: [
    { guard: 'canOpen', actions: 'openShards' },
    { guard: 'isScaledAndFailed', target: 'Running', actions: reportFailed('shardDown') },
    { guard: 'isScaled', target: 'Running', actions: 'reportDone' },
  ],
  after: { close: { actions: 'abortLate' } },
});

/** Each shard drops its connection and comes back; with `rolling` one after the other. */
const Restarting = managerSetup.createStateConfig({
  entry: 'beginOperation',
  always: [
    // The reason may hold for every shard: those that were not restarted yet stay connected.
    { guard: 'hasFailed', target: 'Running', actions: ['stopWaiting', reportFailed('shardDown')] },
    { guard: 'canRestart', actions: 'restartShards' },
    { guard: 'isRestarted', target: 'Running', actions: 'reportDone' },
  ],
  exit: 'endRestart',
});

/** The next set comes up beside the current one and takes its place once all of it is Connected. */
const Resharding = managerSetup.createStateConfig({
  entry: 'beginOperation',
  initial: 'preparing',
  states: {
    preparing: {
      invoke: {
        id: 'preparation',
        src: 'preparation',
        input: ({ event }) => ({ for: event.type === 'reshard' ? event : 'connect' }),
        onError: { target: RUNNING, actions: reportFailed('unprepared') },
      },
      on: {
        'manager.prepared': [
          { guard: guards.canAffordSet, target: 'raising', actions: actions.createNext },
          { target: RUNNING, actions: reportFailed('overBudget') },
        ],
        'manager.unprepared': { target: RUNNING, actions: reportFailed('unprepared') },
        'reshard.abort': { target: RUNNING, actions: reportFailed('aborted') },
      },
    },
    raising: {
      always: [
        { guard: 'hasFailed', target: 'abandoning' },
        { guard: 'canOpen', actions: 'openShards' },
        { guard: 'isStarted', target: 'awaitingAway' },
      ],
      on: { 'reshard.abort': 'abandoning' },
    },
    awaitingAway: {
      always: [
        { guard: 'hasFailed', target: 'abandoning' },
        { guard: 'isNoneAway', target: 'draining' },
      ],
      on: { 'reshard.abort': 'abandoning' },
      after: { handOver: 'draining' },
    },
    draining: {
      entry: 'serveNext',
      after: { drain: 'retiring' },
    },
    retiring: {
      entry: { type: 'closePrevious', params: { code: 1000, reason: 'another set has taken over' } },
      always: { guard: 'isClosed', target: RUNNING, actions: 'reportDone' },
      after: { close: { actions: 'abortLate' } },
    },
    abandoning: {
      entry: { type: 'closeNext', params: { code: 1000, reason: 'the reshard was called off' } },
      always: [
        { guard: 'isClosedAndFailed', target: RUNNING, actions: reportFailed('shardDown') },
        { guard: 'isClosed', target: RUNNING, actions: reportFailed('aborted') },
      ],
      after: { close: { actions: 'abortLate' } },
    },
  },
});

/** All shards were told to go down, and have `timeouts.close` for it. */
const Closing = managerSetup.createStateConfig({
  on: {
    shutdown: '.stopping',
    abort: { actions: actions.abortLeaving },
  },
  after: { close: { actions: 'abortLate' } },
  initial: 'goingOffline',
  states: {
    goingOffline: {
      on: { connect: 'comingBack' },
      always: { guard: 'isClosed', target: '#manager.Offline.idle', actions: ['forgetSets', 'reportOffline'] },
    },
    comingBack: {
      on: { close: 'goingOffline', abort: { target: 'goingOffline', actions: actions.abortLeaving } },
      always: { guard: 'isClosed', target: '#manager.Preparing', actions: ['forgetSets', 'reportOffline'] },
    },
    failing: {
      on: { close: 'goingOffline' },
      always: {
        guard: 'isClosed',
        target: '#manager.Offline.failed',
        actions: [reportFailed('shardDown'), 'forgetSets', 'reportOffline'],
      },
    },
    stopping: {
      always: { guard: 'isClosed', target: '#manager.Offline.stopped', actions: ['forgetSets', 'reportOffline'] },
    },
  },
});

/**
 * The life of a manager of shards: which shards are connected, which set is in service, and what follows when a shard
 * cannot connect. Each shard's own chart decides everything else about it, and the identify queue decides which shard
 * identifies next.
 *
 * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
 */
export const managerMachine = managerSetup.createMachine({
  id: 'manager',
  options: { maxIterations: 100 },
  context: ({ input }) => newManager(input),
  // The fleet holds the shards, and fails only by a bug.
  invoke: {
    id: 'fleet',
    src: 'fleet',
    onError: { target: '.Offline.stopped', actions: ['forgetSets', 'reportOffline'] },
  },
  on: {
    'shard.opened': { actions: actions.onShardOpened },
    'shard.up': { actions: actions.onShardUp },
    'shard.left': { guard: guards.isKnown, actions: actions.onShardLeft },
    'shard.down': { guard: guards.isKnown, actions: actions.onShardDown },
    'shard.gone': { actions: actions.onShardGone },
  },
  initial: 'Offline',
  states: {
    Offline,
    Preparing,
    Online: {
      on: {
        close: { target: 'Closing', actions: actions.closeAll },
        // Shards that are going already do so at once.
        abort: { target: 'Closing', actions: [actions.abortLeaving, actions.closeAll] },
        shutdown: { target: 'Closing.stopping', actions: actions.closeAll },
      },
      initial: 'Starting',
      states: { Starting, Running, Scaling, Restarting, Resharding },
    },
    Closing,
  },
});
