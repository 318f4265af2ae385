import { assign, cancel, emit, enqueueActions, not, setup } from 'xstate';
import { clampDelayMs } from '../src/protocol/backoff.js';
import { BUDGET_PERIOD_MS } from '../src/protocol/limits.js';

/** A shard that waits for leave to identify. */
export interface IdentifyTicket {
  /** Grows: the order in which tickets are served within their key. */
  readonly id: number;
  readonly shardId: number;
}

/** What is left of the day's identifies: `session_start_limit` of GET /gateway/bot. */
export interface IdentifyBudget {
  readonly total: number;
  readonly remaining: number;
  /** Until `remaining` is `total` again, from when this was told. */
  readonly resetAfterMs: number;
}

export interface IdentifyQueueInput {
  /** `max_concurrency`: how many keys there are. A shard's is `shardId % maxConcurrency`. */
  readonly maxConcurrency: number;
  /** Between two identifies of a key. */
  readonly windowMs: number;
  /** How long a grant may lie about before it has run out. */
  readonly grantLifetimeMs: number;
  /** Identifies of the day that are never granted here: for other processes, or for whoever comes at night. */
  readonly reserve: number;
}

export interface IdentifyQueueContext extends IdentifyQueueInput {
  readonly waiting: readonly IdentifyTicket[];
  /** Tickets that may identify and have not yet. */
  readonly granted: readonly IdentifyTicket[];
  /** Keys whose window has not passed. */
  readonly cooling: readonly number[];
  /** Null while nothing is known of it: then it is not counted. */
  readonly budget: { readonly total: number; readonly remaining: number } | null;
}

export type IdentifyQueueEvent =
  | { type: 'queue.join'; ticket: IdentifyTicket }
  | { type: 'queue.leave'; id: number }
  /** IDENTIFY leaves now: the window and the budget count from here. */
  | { type: 'grant.commit'; id: number }
  | { type: 'grant.cancel'; id: number }
  | { type: 'grant.expired'; id: number }
  | { type: 'window.passed'; key: number }
  | { type: 'budget.told'; budget: IdentifyBudget }
  | { type: 'budget.renewed' };

/** What the queue tells: this ticket may identify; nobody may until the budget is renewed; now they may again. */
export type IdentifyQueueReport =
  { type: 'identify.granted'; id: number } | { type: 'identify.exhausted' } | { type: 'identify.renewed' };

/** Tickets whose turn it is: the first of each key that is free, as many as the budget has. */
function turns(context: IdentifyQueueContext): IdentifyTicket[] {
  const { waiting, granted, cooling, budget, reserve, maxConcurrency } = context;
  const keyOf = ({ shardId }: IdentifyTicket) => shardId % maxConcurrency;
  const taken = new Set([...cooling, ...granted.map(keyOf)]);
  const left = budget === null ? Infinity : budget.remaining - reserve - granted.length;
  return waiting
    .filter((ticket) => {
      const isFree = !taken.has(keyOf(ticket));
      taken.add(keyOf(ticket));
      return isFree;
    })
    .slice(0, Math.max(0, left));
}

const byId = (tickets: readonly IdentifyTicket[], id: number) => tickets.filter((ticket) => ticket.id !== id);

const queueSetup = setup({
  types: {
    context: {} as IdentifyQueueContext,
    events: {} as IdentifyQueueEvent,
    input: {} as IdentifyQueueInput,
    emitted: {} as IdentifyQueueReport,
  },
  guards: {
    isSpent: ({ context: { budget, reserve } }) => budget !== null && budget.remaining <= reserve,
    hasBudget: not('isSpent'),
    canGrant: ({ context }) => turns(context).length > 0,
    isGranted: ({ context }, { id }: { id: number }) => context.granted.some((ticket) => ticket.id === id),
  },
  actions: {
    join: assign(({ context }, { ticket }: { ticket: IdentifyTicket }) => ({ waiting: [...context.waiting, ticket] })),
    leave: assign(({ context }, { id }: { id: number }) => ({ waiting: byId(context.waiting, id) })),
    grant: enqueueActions(({ context, enqueue }) => {
      const next = turns(context);
      for (const { id } of next) {
        enqueue.raise({ type: 'grant.expired', id }, { delay: context.grantLifetimeMs, id: `grant ${id}` });
        enqueue(emit({ type: 'identify.granted', id } satisfies IdentifyQueueReport));
      }
      enqueue.assign({
        waiting: context.waiting.filter((ticket) => !next.includes(ticket)),
        granted: [...context.granted, ...next],
      });
    }),
    /** The key of this grant is taken until its window has passed. */
    startWindow: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      const key = (context.granted.find((ticket) => ticket.id === id)?.shardId ?? 0) % context.maxConcurrency;
      enqueue.raise({ type: 'window.passed', key }, { delay: context.windowMs, id: `window ${key}` });
      enqueue.assign({ cooling: [...context.cooling, key] });
    }),
    endGrant: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue(cancel(`grant ${id}`));
      enqueue.assign({ granted: byId(context.granted, id) });
    }),
    withdrawGrants: enqueueActions(({ context, enqueue }) => {
      for (const { id } of context.granted) enqueue(cancel(`grant ${id}`));
      enqueue.assign({ granted: [] });
    }),
    endWindow: assign(({ context }, { key }: { key: number }) => ({
      cooling: context.cooling.filter((other) => other !== key),
    })),
    spend: assign(({ context: { budget } }) => ({
      budget: budget && { ...budget, remaining: budget.remaining - 1 },
    })),
    rememberBudget: enqueueActions(({ enqueue }, { budget }: { budget: IdentifyBudget }) => {
      const { total, remaining, resetAfterMs } = budget;
      enqueue(cancel('renewal'));
      enqueue.raise({ type: 'budget.renewed' }, { delay: clampDelayMs(resetAfterMs), id: 'renewal' });
      enqueue.assign({ budget: { total, remaining } });
    }),
    renew: enqueueActions(({ context: { budget }, enqueue }) => {
      enqueue.raise({ type: 'budget.renewed' }, { delay: BUDGET_PERIOD_MS, id: 'renewal' });
      enqueue.assign({ budget: budget && { ...budget, remaining: budget.total } });
    }),
    tellExhausted: emit({ type: 'identify.exhausted' } satisfies IdentifyQueueReport),
    tellRenewed: emit({ type: 'identify.renewed' } satisfies IdentifyQueueReport),
  },
});

/**
 * The identify queue: one IDENTIFY per `shard_id % max_concurrency` in any window, first come, first served in each key,
 * and never more than the day's budget. A window begins when IDENTIFY leaves, not when the turn was given.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 */
export const identifyQueueMachine = queueSetup.createMachine({
  id: 'identifyQueue',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, waiting: [], granted: [], cooling: [], budget: null }),
  initial: 'serving',
  on: {
    'queue.join': { actions: { type: 'join', params: ({ event }) => event } },
    'queue.leave': { actions: { type: 'leave', params: ({ event }) => event } },
    'grant.commit': {
      guard: { type: 'isGranted', params: ({ event }) => event },
      actions: [
        { type: 'startWindow', params: ({ event }) => event },
        { type: 'endGrant', params: ({ event }) => event },
        'spend',
      ],
    },
    'grant.cancel': { actions: { type: 'endGrant', params: ({ event }) => event } },
    'grant.expired': { actions: { type: 'endGrant', params: ({ event }) => event } },
    'window.passed': { actions: { type: 'endWindow', params: ({ event }) => event } },
    'budget.told': {
      actions: { type: 'rememberBudget', params: ({ event }) => event },
    },
    'budget.renewed': { actions: 'renew' },
  },
  states: {
    serving: {
      always: [
        { guard: 'isSpent', target: 'exhausted' },
        { guard: 'canGrant', actions: 'grant' },
      ],
    },
    // Nobody identifies blindly: Discord resets the token of a bot that spends more than its day's identifies.
    exhausted: {
      entry: ['withdrawGrants', 'tellExhausted'],
      always: { guard: 'hasBudget', target: 'serving' },
      exit: 'tellRenewed',
    },
  },
});
