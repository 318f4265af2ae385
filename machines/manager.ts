import { RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import { managerSetup, newManager } from './manager.setup.js';
import type { ManagerCommand, ShardRef } from './manager.types.js';

type GoDown = Extract<ManagerCommand, { type: 'close' | 'shutdown' | 'abort' }>;

/** Everything goes, the way the command says. */
const closeAll = {
  type: 'closeAll',
  params: ({ event }: { event: GoDown }) => ({ ...event, isAbort: event.type === 'abort' }),
} as const;

/** Those that are going already do so at once. */
const hurry = { type: 'hurry', params: ({ event }: { event: GoDown }) => event } as const;

const ref = ({ event }: { event: ShardRef }): ShardRef => ({ set: event.set, id: event.id });
const isOurs = { type: 'isOurs', params: ref } as const;

/** What cannot go on as it was asked, and leaves the shards that are there in service. */
const shardDown = { type: 'tellFailed', params: { why: 'shardDown' } } as const;

/** Connects what is planned; whoever asked for it hears when all have been up, or why they cannot be. */
const Starting = managerSetup.createStateConfig({
  always: [
    {
      // What one is refused for, its intents or its token, all would be: no identify is spent on finding out.
      guard: 'hasFailed',
      target: '#manager.Closing.failing',
      actions: {
        type: 'closeAll',
        params: { code: RESUMABLE_CLOSE, reason: 'a shard could not start', isAbort: false },
      },
    },
    { guard: 'canOpen', actions: 'open' },
    { guard: 'isRaised', target: 'Running', actions: 'tellDone' },
  ],
});

const Running = managerSetup.createStateConfig({
  on: {
    // Where nobody is down that is done at once.
    connect: { target: 'Scaling', actions: 'retryDown' },
    scale: { target: 'Scaling', actions: { type: 'planScale', params: ({ event }) => event } },
    restart: [
      {
        guard: { type: 'canRenew', params: ({ event }) => event },
        target: 'Restarting',
        actions: { type: 'planRestart', params: ({ event }) => event },
      },
      { actions: ['beginOperation', { type: 'tellFailed', params: { why: 'overBudget' } }] },
    ],
    reshard: 'Resharding',
  },
});

/** Shards of the set in service come and go. */
const Scaling = managerSetup.createStateConfig({
  entry: 'beginOperation',
  always: [
    { guard: 'canOpen', actions: 'open' },
    { guard: 'isSettledBadly', target: 'Running', actions: shardDown },
    { guard: 'isSettled', target: 'Running', actions: 'tellDone' },
  ],
  after: { close: { actions: 'abortClosing' } },
});

/** Each shard drops its connection and comes back; with `rolling` one after the other. */
const Restarting = managerSetup.createStateConfig({
  entry: 'beginOperation',
  always: [
    // Whatever is wrong, the shards that have not been touched stay as they are.
    { guard: 'hasFailed', target: 'Running', actions: ['letGo', shardDown] },
    { guard: 'canRestart', actions: 'restartNext' },
    { guard: 'isRestarted', target: 'Running', actions: 'tellDone' },
  ],
});

/**
 * A second set comes up beside the first, takes its place once all of it is Connected, and the first goes down. Until the
 * hand-over it can be called off, and the first set has noticed nothing.
 */
const Resharding = managerSetup.createStateConfig({
  entry: 'beginOperation',
  initial: 'preparing',
  states: {
    preparing: {
      invoke: {
        id: 'preparation',
        src: 'preparation',
        input: ({ event }) => ({ for: event.type === 'reshard' ? event : 'connect' }),
        onError: { target: '#manager.Online.Running', actions: { type: 'tellFailed', params: { why: 'unprepared' } } },
      },
      on: {
        'manager.prepared': [
          {
            guard: { type: 'hasIdentifies', params: ({ event }) => event },
            target: 'raising',
            actions: { type: 'planBeside', params: ({ event }) => event },
          },
          { target: '#manager.Online.Running', actions: { type: 'tellFailed', params: { why: 'overBudget' } } },
        ],
        'manager.unprepared': {
          target: '#manager.Online.Running',
          actions: { type: 'tellFailed', params: { why: 'unprepared' } },
        },
        'reshard.abort': {
          target: '#manager.Online.Running',
          actions: { type: 'tellFailed', params: { why: 'aborted' } },
        },
      },
    },
    raising: {
      always: [
        { guard: 'hasFailed', target: 'abandoning' },
        { guard: 'canOpen', actions: 'open' },
        { guard: 'isRaised', target: 'awaitingAway' },
      ],
      on: { 'reshard.abort': 'abandoning' },
    },
    // What a shard of the old set has missed while it was away it must still bring.
    awaitingAway: {
      always: [
        { guard: 'hasFailed', target: 'abandoning' },
        { guard: 'isNobodyAway', target: 'draining' },
      ],
      on: { 'reshard.abort': 'abandoning' },
      after: { handOver: 'draining' },
    },
    // The new set is in service. What is on its way to the old one still arrives.
    draining: {
      entry: 'serveBeside',
      after: { drain: 'retiring' },
    },
    retiring: {
      entry: { type: 'closeBeside', params: { code: 1000, reason: 'another set has taken over' } },
      always: { guard: 'isGone', target: '#manager.Online.Running', actions: 'tellDone' },
      after: { close: { actions: 'abortClosing' } },
    },
    abandoning: {
      entry: { type: 'closeBeside', params: { code: 1000, reason: 'the reshard was called off' } },
      always: [
        { guard: 'isGoneBadly', target: '#manager.Online.Running', actions: shardDown },
        {
          guard: 'isGone',
          target: '#manager.Online.Running',
          actions: { type: 'tellFailed', params: { why: 'aborted' } },
        },
      ],
      after: { close: { actions: 'abortClosing' } },
    },
  },
});

/** All shards have been told to go down, and have `timeouts.close` for it. */
const Closing = managerSetup.createStateConfig({
  on: {
    shutdown: '.stopping',
    abort: { actions: hurry },
  },
  after: { close: { actions: 'abortClosing' } },
  initial: 'goingOffline',
  states: {
    goingOffline: {
      on: { connect: 'comingBack' },
      always: { guard: 'isGone', target: '#manager.Offline.idle', actions: ['forgetSets', 'tellOffline'] },
    },
    comingBack: {
      on: { close: 'goingOffline', abort: { target: 'goingOffline', actions: hurry } },
      always: { guard: 'isGone', target: '#manager.Preparing', actions: ['forgetSets', 'tellOffline'] },
    },
    failing: {
      on: { close: 'goingOffline' },
      always: {
        guard: 'isGone',
        target: '#manager.Offline.failed',
        actions: [shardDown, 'forgetSets', 'tellOffline'],
      },
    },
    stopping: {
      always: { guard: 'isGone', target: '#manager.Offline.stopped', actions: ['forgetSets', 'tellOffline'] },
    },
  },
});

/**
 * The life of a manager of shards: who is connected when, who takes over from whom, and what follows when one cannot.
 * What a shard does within that is its own chart's matter, who identifies when the identify queue's.
 *
 * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
 */
export const managerMachine = managerSetup.createMachine({
  id: 'manager',
  options: { maxIterations: 100 },
  context: ({ input }) => newManager(input),
  // It holds the shards; it fails only by a bug.
  invoke: {
    id: 'fleet',
    src: 'fleet',
    onError: { target: '.Offline.stopped', actions: ['forgetSets', 'tellOffline'] },
  },
  on: {
    'shard.opened': { actions: { type: 'noteOpened', params: ref } },
    'shard.up': { actions: { type: 'noteUp', params: ref } },
    'shard.left': { guard: isOurs, actions: { type: 'noteLeft', params: ref } },
    'shard.down': { guard: isOurs, actions: { type: 'noteDown', params: ref } },
    'shard.gone': { actions: { type: 'noteGone', params: ref } },
  },
  initial: 'Offline',
  states: {
    Offline: {
      initial: 'idle',
      states: {
        idle: { on: { connect: '#manager.Preparing', shutdown: 'stopped' } },
        failed: { on: { connect: '#manager.Preparing', shutdown: 'stopped' } },
        stopped: {},
      },
    },
    Preparing: {
      invoke: {
        id: 'preparation',
        src: 'preparation',
        input: { for: 'connect' },
        onError: { target: 'Offline.failed', actions: { type: 'tellFailed', params: { why: 'unprepared' } } },
      },
      on: {
        'manager.prepared': { target: 'Online', actions: { type: 'plan', params: ({ event }) => event } },
        'manager.unprepared': {
          target: 'Offline.failed',
          actions: { type: 'tellFailed', params: { why: 'unprepared' } },
        },
        close: { target: 'Offline.idle', actions: 'tellOffline' },
        abort: { target: 'Offline.idle', actions: 'tellOffline' },
        shutdown: { target: 'Offline.stopped', actions: 'tellOffline' },
      },
    },
    Online: {
      on: {
        close: { target: 'Closing', actions: closeAll },
        abort: { target: 'Closing', actions: [hurry, closeAll] },
        shutdown: { target: 'Closing.stopping', actions: closeAll },
      },
      initial: 'Starting',
      states: { Starting, Running, Scaling, Restarting, Resharding },
    },
    Closing,
  },
});
