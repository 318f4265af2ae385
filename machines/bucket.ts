import { assign, cancel, enqueueActions, sendParent, setup } from 'xstate';
import { carried } from './carried.js';
import { PRESENCE_LIMIT, PRESENCE_WINDOW_MS, SEND_WINDOW_MS } from '../src/protocol/limits.js';
import { PERMIT_SLACK_MS } from '../src/protocol/sendLimit.js';

/** A payload that waits to be sent. The payload itself never enters a chart: only its ticket does. */
export interface Ticket {
  /** Grows: the order in which tickets leave. */
  readonly id: number;
  /** Goes before all that have none, in the order they came. */
  readonly priority: boolean;
  /** Op 3, which needs a presence permit besides. */
  readonly presence: boolean;
}

export interface BucketContext {
  readonly queue: readonly Ticket[];
  /** Numbers of this connection's permits that nothing holds. */
  readonly free: readonly number[];
  readonly freePresence: readonly number[];
  /** How many permits this connection has; 0 while there is none. */
  readonly capacity: number;
}

export type BucketEvent =
  | { type: 'bucket.open'; capacity: number }
  | { type: 'bucket.close' }
  /** A new ticket, or one that was granted and did not leave. */
  | { type: 'bucket.queue'; ticket: Ticket }
  | { type: 'bucket.cancel'; id: number }
  | { type: 'permit.returned'; permit: number }
  | { type: 'presencePermit.returned'; permit: number };

/** Report of the bucket to the shard: this ticket leaves now. */
export type BucketReport = { type: 'bucket.granted'; ticket: Ticket };

/** A ticket with the permits it takes. */
interface Grant {
  readonly ticket: Ticket;
  readonly permit: number;
  readonly presencePermit: number | null;
}

const lists = new Map<number, readonly number[]>();

/** 0 to count - 1. One list for all shards: most of them send nothing, and keep what they were given. */
function numbers(count: number): readonly number[] {
  const list = lists.get(count) ?? Array.from({ length: count }, (_, index) => index);
  lists.set(count, list);
  return list;
}

/** Priority first, then in the order of the ids: a ticket that comes back takes the place it had. */
function insert(queue: readonly Ticket[], ticket: Ticket): Ticket[] {
  const at = queue.findIndex((other) => (other.priority === ticket.priority ? other.id > ticket.id : ticket.priority));
  return at < 0 ? [...queue, ticket] : queue.toSpliced(at, 0, ticket);
}

/** Tickets that leave now, and tickets that stay. A presence update without a presence permit lets the others pass. */
function share({ queue, free, freePresence }: BucketContext) {
  const grants: Grant[] = [];
  const waiting: Ticket[] = [];
  let presences = 0;
  for (const ticket of queue) {
    const permit = free[grants.length];
    const presencePermit = ticket.presence ? freePresence[presences] : null;
    if (permit === undefined || presencePermit === undefined) waiting.push(ticket);
    else {
      grants.push({ ticket, permit, presencePermit });
      if (presencePermit !== null) presences += 1;
    }
  }
  return { grants, queue: waiting, free: free.slice(grants.length), freePresence: freePresence.slice(presences) };
}

const bucketSetup = setup({
  types: {
    context: {} as BucketContext,
    events: {} as BucketEvent,
  },
  guards: { canGrant: ({ context }) => context.queue.length > 0 && share(context).grants.length > 0 },
  actions: {
    issuePermits: assign((_, { capacity }: { capacity: number }) => ({
      capacity: Math.max(1, Math.floor(capacity)),
      free: numbers(Math.max(1, Math.floor(capacity))),
      freePresence: numbers(PRESENCE_LIMIT),
    })),
    /** The permits end with the connection, and so do the timers that would bring them back. */
    withdrawPermits: enqueueActions(({ context, enqueue }) => {
      for (const permit of numbers(context.capacity)) enqueue(cancel(`permit ${permit}`));
      for (const permit of numbers(PRESENCE_LIMIT)) enqueue(cancel(`presence permit ${permit}`));
      enqueue.assign({ capacity: 0, free: [], freePresence: [] });
    }),
    queueTicket: assign(({ context }, { ticket }: { ticket: Ticket }) => ({ queue: insert(context.queue, ticket) })),
    dropTicket: assign(({ context }, { id }: { id: number }) => ({
      queue: context.queue.filter((ticket) => ticket.id !== id),
    })),
    recoverPermit: assign(({ context }, { permit }: { permit: number }) => ({ free: [...context.free, permit] })),
    recoverPresencePermit: assign(({ context }, { permit }: { permit: number }) => ({
      freePresence: [...context.freePresence, permit],
    })),
    grant: enqueueActions(({ context, enqueue }) => {
      const { grants, ...rest } = share(context);
      for (const { ticket, permit, presencePermit } of grants) {
        enqueue.raise(
          { type: 'permit.returned', permit },
          { delay: SEND_WINDOW_MS + PERMIT_SLACK_MS, id: `permit ${permit}` },
        );
        if (presencePermit !== null) {
          enqueue.raise(
            { type: 'presencePermit.returned', permit: presencePermit },
            { delay: PRESENCE_WINDOW_MS + PERMIT_SLACK_MS, id: `presence permit ${presencePermit}` },
          );
        }
        enqueue(sendParent({ type: 'bucket.granted', ticket } satisfies BucketReport));
      }
      enqueue.assign(rest);
    }),
  },
});

/**
 * The leaky bucket: never more than the connection's permits in any 60 s, presence updates at most 5 in any 20 s.
 *
 * A permit that is taken comes back by a timer of its own one window later, which is what makes the window slide: there
 * is never a moment at which all come back at once. The queue survives the connection, the permits do not.
 *
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting).
 */
export const bucketMachine = bucketSetup.createMachine({
  id: 'bucket',
  options: { maxIterations: 100 },
  context: { queue: [], free: [], freePresence: [], capacity: 0 },
  initial: 'closed',
  on: {
    'bucket.queue': { actions: { type: 'queueTicket', params: carried } },
    'bucket.cancel': { actions: { type: 'dropTicket', params: carried } },
  },
  states: {
    closed: {
      on: { 'bucket.open': { target: 'open', actions: { type: 'issuePermits', params: carried } } },
    },
    open: {
      on: {
        'permit.returned': { actions: { type: 'recoverPermit', params: carried } },
        'presencePermit.returned': { actions: { type: 'recoverPresencePermit', params: carried } },
        'bucket.close': 'closed',
      },
      always: { guard: 'canGrant', actions: 'grant' },
      exit: 'withdrawPermits',
    },
  },
});
