/*
 * The states of a worker's ownership of one shard, in the order of its life:
 *
 *   Confirmed           the lease runs: the shard connects, resumes, identifies, and what it hears is published
 *     raising           the shard is on its way to Connected, for the first time or after it lost its connection
 *     up                Connected
 *   Unconfirmed         the lease may have ended: nothing is published, and no connection is opened
 *     connected         the socket and its heartbeats go on, and what it hears is kept
 *     asleep            no connection; whose the shard is must be known before it resumes
 *   Refused             the gateway refuses the shard for good: it stays here until the worker gives its shards away
 *   Giving              the connection closes so that the next owner resumes, and what it heard is still published
 *   Releasing           Redis is asked to take the shard back, and nothing is published any more
 *   Dropping            the shard is another worker's: its socket goes, and the session stays as it is
 *   Gone
 */
import { assign, emit, setup } from 'xstate';
import { carried } from './carried.js';

export interface OwnershipInput {
  /** `LAYOUT:ID` */
  readonly key: string;
  /** Number of this ownership: the higher one is right. */
  readonly epoch: number;
  /** Longest wait for a shard to close, and for Redis to take it back. */
  readonly limitMs: number;
}

export type OwnershipContext = OwnershipInput;

export type OwnershipEvent =
  /** Redis says that the shard is this worker's. */
  | { type: 'lease.confirmed'; epoch: number }
  /** The lease was not renewed in time, or what was published has been refused. */
  | { type: 'lease.cut' }
  /** Redis says that the shard is another's. */
  | { type: 'lease.lost' }
  | { type: 'shard.up' }
  /** The shard has lost its connection. */
  | { type: 'shard.left' }
  | { type: 'shard.refused' }
  | { type: 'shard.closed' }
  /** Events are missing that only a RESUME from the last published one brings. */
  | { type: 'shard.missed' }
  | { type: 'shard.give' }
  | { type: 'shard.released' };

/** Emitted: what is to be done with the shard. */
export type OwnershipReport = {
  type:
    /** Connect, with the session that Redis has. */
    | 'shard.open'
    /** Close at once so that the session stays; `shard.open` may follow. */
    | 'shard.sleep'
    /** Publish what was kept and what comes. */
    | 'events.flow'
    /** Publish nothing, keep what comes. */
    | 'events.hold'
    /** Close so that another worker resumes; `shard.closed` follows. */
    | 'shard.close'
    /** Let the socket go and leave the session alone; `shard.closed` follows. */
    | 'shard.drop'
    /** Tell Redis that the shard is free; `shard.released` follows. */
    | 'shard.release'
    /** The ownership has ended. */
    | 'shard.gone';
};

const ownershipSetup = setup({
  types: {
    context: {} as OwnershipContext,
    events: {} as OwnershipEvent,
    input: {} as OwnershipInput,
    emitted: {} as OwnershipReport,
  },
  actions: {
    open: emit({ type: 'shard.open' } satisfies OwnershipReport),
    sleep: emit({ type: 'shard.sleep' } satisfies OwnershipReport),
    flow: emit({ type: 'events.flow' } satisfies OwnershipReport),
    hold: emit({ type: 'events.hold' } satisfies OwnershipReport),
    close: emit({ type: 'shard.close' } satisfies OwnershipReport),
    drop: emit({ type: 'shard.drop' } satisfies OwnershipReport),
    release: emit({ type: 'shard.release' } satisfies OwnershipReport),
    reportGone: emit({ type: 'shard.gone' } satisfies OwnershipReport),
    rememberEpoch: assign((_, { epoch }: { readonly epoch: number }) => ({ epoch })),
  },
  delays: { limit: ({ context }) => context.limitMs },
});

const rememberEpoch = { type: 'rememberEpoch', params: carried } as const;

/** A shard that connects no more publishes what it has heard, while the lease runs. */
const publishing = {
  'lease.confirmed': { actions: [rememberEpoch, 'flow'] },
  'lease.cut': { actions: 'hold' },
} as const;

/** The lease runs. */
const Confirmed = ownershipSetup.createStateConfig({
  entry: 'flow',
  initial: 'raising',
  on: {
    // A RESUME that is under way goes on from a position that Redis does not have.
    'shard.missed': { target: '.raising', actions: ['sleep', 'open'] },
    'shard.refused': '#ownership.Refused',
    'shard.give': '#ownership.Giving',
  },
  states: {
    raising: {
      on: {
        'shard.up': 'up',
        // Who is cut off neither resumes nor identifies.
        'lease.cut': { target: '#ownership.Unconfirmed.asleep', actions: 'sleep' },
      },
    },
    up: {
      on: {
        'shard.left': 'raising',
        'lease.cut': '#ownership.Unconfirmed',
      },
    },
  },
});

/** The lease may have ended. */
const Unconfirmed = ownershipSetup.createStateConfig({
  entry: 'hold',
  initial: 'connected',
  on: { 'shard.give': '#ownership.Giving' },
  states: {
    connected: {
      on: {
        'shard.left': { target: 'asleep', actions: 'sleep' },
        'shard.refused': '#ownership.Refused',
        'lease.confirmed': { target: '#ownership.Confirmed.up', actions: rememberEpoch },
      },
    },
    asleep: {
      on: { 'lease.confirmed': { target: '#ownership.Confirmed.raising', actions: [rememberEpoch, 'open'] } },
    },
  },
});

/**
 * What becomes of a shard that a worker of the fleet has claimed: it connects, stays through an outage of Redis, and is
 * given away or dropped. Two workers never act for one shard: only a confirmed ownership publishes, resumes or identifies.
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 */
export const ownershipMachine = ownershipSetup.createMachine({
  id: 'ownership',
  options: { maxIterations: 100 },
  context: ({ input }) => input,
  entry: 'open',
  initial: 'Confirmed',
  on: { 'lease.lost': '.Dropping', 'lease.confirmed': { actions: rememberEpoch } },
  states: {
    Confirmed,
    Unconfirmed,
    Refused: { on: { ...publishing, 'shard.give': 'Giving' } },
    Giving: {
      entry: 'close',
      on: { ...publishing, 'shard.closed': 'Releasing' },
      after: { limit: 'Releasing' },
    },
    Releasing: {
      entry: ['hold', 'release'],
      on: { 'shard.released': 'Gone', 'lease.lost': 'Gone' },
      // The lease ends by itself.
      after: { limit: 'Gone' },
    },
    Dropping: {
      entry: ['hold', 'drop'],
      on: { 'shard.closed': 'Gone', 'lease.lost': {} },
      after: { limit: 'Gone' },
    },
    Gone: { entry: 'reportGone', type: 'final' },
  },
});
