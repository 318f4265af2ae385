/*
 * The states of a worker of the fleet, in the order of its life:
 *
 *   Offline          idle     not in the fleet
 *                    failed   the last start failed; connect tries again
 *                    stopped  left for good
 *   Joining                   asks how many shards the fleet has, and takes its place
 *   Online
 *     duty           starting     its share of the shards connects for the first time
 *                    serving      runs shards
 *                    standingBy   has none: others run them all
 *                    draining     gives its shards away
 *                    drained      has given them away, and takes none until connect
 *                    leaving      gives its shards away, and tells Redis that it is gone
 *                    failing      the same, because the gateway refuses a shard for good
 *     lease          asking       has not been answered since connect
 *                    renewed      acts for its shards
 *                    cutOff       may have lost them: publishes, resumes and identifies nothing until it is answered
 *   Fenced                    another process has its name: it drops its shards
 */
import { and, assign, emit, enqueueActions, fromCallback, not, or, setup, stateIn, type EventObject } from 'xstate';
import { carried } from './carried.js';

/** What the lease says after a beat. */
export interface LeaseAnswer {
  /** All shards that are this worker's. */
  readonly owned: readonly { readonly key: string; readonly epoch: number }[];
  /** Those of them that it gives away. */
  readonly give: readonly string[];
  /** False while Redis waits for workers that may hold the free shards. */
  readonly mayClaim: boolean;
}

export interface WorkerInput {
  /** Longest time in which its shards are given away when the worker leaves. */
  readonly leaveMs: number;
}

export interface WorkerContext extends WorkerInput {
  /** Shards that run here, or are on their way out: `LAYOUT:ID`. */
  readonly held: readonly string[];
  /** Those of them that have not been Connected here yet. */
  readonly rising: readonly string[];
}

export type WorkerCommand = { type: 'connect' | 'drain' | 'shutdown' };

export type WorkerEvent =
  | WorkerCommand
  | { type: 'worker.joined' }
  | { type: 'worker.refused' }
  | ({ type: 'lease.answered' } & LeaseAnswer)
  /** No beat was answered within the lease. */
  | { type: 'lease.cut' }
  /** Another process has this worker's name. */
  | { type: 'lease.taken' }
  | { type: 'shard.up'; key: string }
  | { type: 'shard.gone'; key: string }
  /** The gateway refuses the shard for good. */
  | { type: 'shard.refused'; key: string }
  | { type: 'worker.left' };

export type LeaseReport = Extract<WorkerEvent, { type: 'lease.answered' | 'lease.cut' | 'lease.taken' }>;
export type ShardsReport = Extract<WorkerEvent, { type: `shard.${string}` }>;
export type JoiningReport = Extract<WorkerEvent, { type: 'worker.joined' | 'worker.refused' }>;

/** Orders to the shards of the worker. */
export type ShardsCommand =
  /** These are yours, no others; give these away. */
  | ({ type: 'shards.own' } & Pick<LeaseAnswer, 'owned' | 'give'>)
  | { type: 'shards.hold' }
  | { type: 'shards.give' }
  | { type: 'shards.drop' };

/** Orders to the lease: what the next beat says. */
export type LeaseCommand = { type: 'lease.serve' } | { type: 'lease.drain' };

/** Emitted: what became of `connect`, `drain` and `shutdown`. */
export type WorkerReport =
  | { type: 'worker.up' }
  | { type: 'worker.drained' }
  | { type: 'worker.failed'; why: 'unjoined' | 'taken' | 'shardRefused'; key: string | null }
  | { type: 'worker.offline' };

const notProvided = (name: string) => (): never => {
  throw new Error(`The actor "${name}" does I/O: give it with workerMachine.provide({ actors: { ${name} } }).`);
};

const workerSetup = setup({
  types: {
    context: {} as WorkerContext,
    events: {} as WorkerEvent,
    input: {} as WorkerInput,
    emitted: {} as WorkerReport,
    children: {} as { shards: 'shards'; joining: 'joining'; lease: 'lease'; signingOff: 'signingOff' },
  },
  actors: {
    shards: fromCallback<ShardsCommand, undefined, ShardsReport & EventObject>(notProvided('shards')),
    joining: fromCallback<EventObject, undefined, JoiningReport & EventObject>(notProvided('joining')),
    lease: fromCallback<LeaseCommand, undefined, LeaseReport & EventObject>(notProvided('lease')),
    signingOff: fromCallback<EventObject, undefined, { type: 'worker.left' }>(notProvided('signingOff')),
  },
  guards: {
    /** Its share is not known yet. */
    isEarly: (_, { owned, mayClaim }: LeaseAnswer) => owned.length === 0 && !mayClaim,
    hasShards: ({ context }) => context.held.length > 0,
    hasNone: ({ context }) => context.held.length === 0,
    isLeaving: stateIn({ Online: { duty: 'leaving' } }),
    /** Leaves, or fails: no way leads back to its duty. */
    isEnding: or(['isLeaving', stateIn({ Online: { duty: 'failing' } })]),
    isStaying: not('isEnding'),
    isGivingAway: or(['isEnding', stateIn({ Online: { duty: 'draining' } })]),
    isUp: and([stateIn({ Online: { lease: 'renewed' } }), ({ context }) => context.rising.length === 0]),
  },
  actions: {
    /** Shards of the answer that are not here yet come up. */
    own: enqueueActions(({ context, enqueue }, { owned, give }: Pick<LeaseAnswer, 'owned' | 'give'>) => {
      enqueue.sendTo('shards', { type: 'shards.own', owned, give } satisfies ShardsCommand);
      const added = owned.map(({ key }) => key).filter((key) => !context.held.includes(key) && !give.includes(key));
      enqueue.assign({ held: [...context.held, ...added], rising: [...context.rising, ...added] });
    }),
    onShardUp: assign(({ context }, { key }: { readonly key: string }) => ({
      rising: context.rising.filter((other) => other !== key),
    })),
    onShardGone: assign(({ context: { held, rising } }, { key }: { readonly key: string }) => ({
      held: held.filter((other) => other !== key),
      rising: rising.filter((other) => other !== key),
    })),
    holdShards: enqueueActions(({ enqueue }) =>
      enqueue.sendTo('shards', { type: 'shards.hold' } satisfies ShardsCommand),
    ),
    giveShards: enqueueActions(({ enqueue }) =>
      enqueue.sendTo('shards', { type: 'shards.give' } satisfies ShardsCommand),
    ),
    dropShards: enqueueActions(({ enqueue }) =>
      enqueue.sendTo('shards', { type: 'shards.drop' } satisfies ShardsCommand),
    ),
    askToServe: enqueueActions(({ enqueue }) =>
      enqueue.sendTo('lease', { type: 'lease.serve' } satisfies LeaseCommand),
    ),
    askToDrain: enqueueActions(({ enqueue }) =>
      enqueue.sendTo('lease', { type: 'lease.drain' } satisfies LeaseCommand),
    ),
    forgetShards: assign({ held: [], rising: [] }),
    reportDrained: emit({ type: 'worker.drained' } satisfies WorkerReport),
    reportUp: emit({ type: 'worker.up' } satisfies WorkerReport),
    reportRefused: emit((_, { key }: { readonly key: string }): WorkerReport => ({
      type: 'worker.failed',
      why: 'shardRefused',
      key,
    })),
    reportUnjoined: emit({ type: 'worker.failed', why: 'unjoined', key: null } satisfies WorkerReport),
    reportTaken: emit({ type: 'worker.failed', why: 'taken', key: null } satisfies WorkerReport),
    reportOffline: emit({ type: 'worker.offline' } satisfies WorkerReport),
  },
  delays: { leave: ({ context }) => context.leaveMs },
});

const own = { type: 'own', params: carried } as const;
const endOffline = ['forgetShards', 'reportOffline'] as const;

const OFFLINE = { failed: '#worker.Offline.failed', stopped: '#worker.Offline.stopped' } as const;

/** Asks Redis for a place in the fleet. */
const Joining = workerSetup.createStateConfig({
  invoke: { id: 'joining', src: 'joining', onError: { target: OFFLINE.failed, actions: 'reportUnjoined' } },
  on: {
    'worker.joined': 'Online',
    'worker.refused': { target: OFFLINE.failed, actions: 'reportUnjoined' },
    shutdown: { target: OFFLINE.stopped, actions: 'reportOffline' },
  },
});

/** Gives the shards away, then tells Redis that the worker is gone. */
const leaving = (end: keyof typeof OFFLINE) =>
  workerSetup.createStateConfig({
    entry: ['askToDrain', 'giveShards'],
    initial: 'giving',
    states: {
      giving: {
        always: { guard: 'hasNone', target: 'signingOff' },
        after: { leave: { target: 'signingOff', actions: 'dropShards' } },
      },
      signingOff: {
        invoke: {
          id: 'signingOff',
          src: 'signingOff',
          onError: { target: OFFLINE[end], actions: endOffline },
        },
        on: { 'worker.left': { target: OFFLINE[end], actions: endOffline } },
        after: { leave: { target: OFFLINE[end], actions: endOffline } },
      },
    },
  });

/** What the worker does for the fleet. */
const duty = workerSetup.createStateConfig({
  initial: 'starting',
  states: {
    starting: {
      always: { guard: 'isUp', target: 'serving', actions: 'reportUp' },
      on: { drain: 'draining' },
    },
    serving: {
      always: { guard: 'hasNone', target: 'standingBy' },
      on: { connect: { target: 'starting', actions: 'askToServe' }, drain: 'draining' },
    },
    standingBy: {
      always: { guard: 'hasShards', target: 'serving' },
      on: { connect: { target: 'starting', actions: 'askToServe' }, drain: 'draining' },
    },
    draining: {
      entry: ['askToDrain', 'giveShards'],
      always: { guard: 'hasNone', target: 'drained', actions: 'reportDrained' },
      on: { connect: { target: 'starting', actions: 'askToServe' } },
    },
    drained: {
      // An answer that was on its way may bring a shard.
      always: { guard: 'hasShards', target: 'draining' },
      on: { connect: { target: 'starting', actions: 'askToServe' } },
    },
    leaving: { ...leaving('stopped'), on: { shutdown: {}, 'shard.refused': {} } },
    failing: { ...leaving('failed'), on: { 'shard.refused': {} } },
  },
  on: {
    shutdown: '.leaving',
    'shard.refused': { target: '.failing', actions: { type: 'reportRefused', params: carried } },
  },
});

/** Whether the worker may act for its shards. */
const lease = workerSetup.createStateConfig({
  initial: 'asking',
  on: {
    'lease.answered': [
      // An answer that was on its way may bring a shard.
      { guard: 'isGivingAway', target: '.renewed', actions: [own, 'giveShards'] },
      { target: '.renewed', actions: own },
    ],
  },
  states: {
    asking: {
      on: {
        'lease.answered': { guard: { type: 'isEarly', params: carried }, actions: own },
        'lease.cut': 'cutOff',
      },
    },
    // Its share is what the next answer says.
    renewed: { on: { connect: { guard: 'isStaying', target: 'asking' }, 'lease.cut': 'cutOff' } },
    cutOff: { entry: 'holdShards' },
  },
});

/** Another process has the worker's name, or its lease has failed. */
const fenced = [
  { guard: 'isLeaving', target: OFFLINE.stopped, actions: ['dropShards', ...endOffline] },
  { target: '#worker.Fenced' },
] as const;

/**
 * The life of a worker: a process that runs a share of a bot's shards, with others, on Redis. Redis says which shards are
 * whose; the chart says what the worker does about it, and `ownershipMachine` what becomes of each shard.
 *
 * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
 */
export const workerMachine = workerSetup.createMachine({
  id: 'worker',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, held: [], rising: [] }),
  // The shards of the worker, whatever becomes of its lease.
  invoke: {
    id: 'shards',
    src: 'shards',
    onError: { target: '.Offline.stopped', actions: endOffline },
  },
  on: {
    'shard.up': { actions: { type: 'onShardUp', params: carried } },
    'shard.gone': { actions: { type: 'onShardGone', params: carried } },
  },
  initial: 'Offline',
  states: {
    Offline: {
      initial: 'idle',
      states: {
        idle: { on: { connect: '#worker.Joining', shutdown: 'stopped' } },
        failed: { on: { connect: '#worker.Joining', shutdown: 'stopped' } },
        stopped: {},
      },
    },
    Joining,
    Online: {
      type: 'parallel',
      invoke: { id: 'lease', src: 'lease', onError: fenced },
      on: { 'lease.taken': fenced },
      states: { duty, lease },
    },
    Fenced: {
      entry: 'dropShards',
      always: { guard: 'hasNone', target: OFFLINE.failed, actions: 'reportTaken' },
      after: { leave: { target: OFFLINE.failed, actions: ['forgetShards', 'reportTaken'] } },
      on: { shutdown: { target: OFFLINE.stopped, actions: endOffline } },
    },
  },
});
