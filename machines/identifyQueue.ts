import { assign, cancel, emit, enqueueActions, not, setup } from 'xstate';
import { clampDelayMs } from '../src/protocol/backoff.js';
import { BUDGET_PERIOD_MS } from '../src/protocol/limits.js';
import { carried } from './carried.js';

/** A shard that waits for its turn to identify. */
export interface IdentifyTicket {
  /** Each new ticket has a higher id. Tickets of a key are served in the order of their ids. */
  readonly id: number;
  readonly shardId: number;
}

/** Identifies of the day: `session_start_limit` of GET /gateway/bot. */
export interface IdentifyBudget {
  readonly total: number;
  readonly remaining: number;
  /** Time until `remaining` is `total` again, from the moment of the answer. */
  readonly resetAfterMs: number;
}

export interface IdentifyQueueInput {
  /** `max_concurrency`, until `concurrency.told`: the number of keys. The key of a shard is `shardId % maxConcurrency`. */
  readonly maxConcurrency: number;
  /** Time between two identifies of a key. */
  readonly windowMs: number;
  /** Time in which a grant must be committed. */
  readonly grantLifetimeMs: number;
  /** Identifies of the day that the queue never grants, for other processes of the bot. */
  readonly reserve: number;
}

export interface IdentifyQueueContext extends IdentifyQueueInput {
  readonly waiting: readonly IdentifyTicket[];
  /** Tickets that may identify, and have not done so yet. */
  readonly granted: readonly IdentifyTicket[];
  /** Shards that have identified, and whose window has not passed: their keys are taken. */
  readonly cooling: readonly number[];
  /** Null while the day is not counted. */
  readonly budget: { readonly total: number; readonly remaining: number } | null;
}

export type IdentifyQueueEvent =
  | { type: 'queue.join'; ticket: IdentifyTicket }
  | { type: 'queue.leave'; id: number }
  /** IDENTIFY leaves now: the window and the budget count from here. */
  | { type: 'grant.commit'; id: number }
  | { type: 'grant.cancel'; id: number }
  | { type: 'grant.expired'; id: number }
  | { type: 'window.passed'; shardId: number }
  | { type: 'budget.told'; budget: IdentifyBudget }
  | { type: 'budget.renewed' }
  | { type: 'concurrency.told'; maxConcurrency: number };

/** Emitted: a ticket may identify; no ticket may until the budget is renewed; tickets may again. */
export type IdentifyQueueReport =
  { type: 'identify.granted'; id: number } | { type: 'identify.exhausted' } | { type: 'identify.renewed' };

/** Tickets whose turn it is: the first of each key that is free, as many as the budget has. */
function turns(context: IdentifyQueueContext): IdentifyTicket[] {
  const { waiting, granted, cooling, budget, reserve, maxConcurrency } = context;
  if (waiting.length === 0) return [];
  const keyOf = ({ shardId }: Pick<IdentifyTicket, 'shardId'>) => shardId % maxConcurrency;
  const taken = new Set([...cooling.map((shardId) => keyOf({ shardId })), ...granted.map(keyOf)]);
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
    isOtherConcurrency: ({ context }, { maxConcurrency }: { maxConcurrency: number }) =>
      maxConcurrency !== context.maxConcurrency,
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
    /** Takes the key of this grant until its window has passed. */
    startWindow: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      const shardId = context.granted.find((ticket) => ticket.id === id)?.shardId ?? 0;
      enqueue.raise({ type: 'window.passed', shardId }, { delay: context.windowMs, id: `window ${shardId}` });
      enqueue.assign({ cooling: [...context.cooling, shardId] });
    }),
    endGrant: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue(cancel(`grant ${id}`));
      enqueue.assign({ granted: byId(context.granted, id) });
    }),
    withdrawGrants: enqueueActions(({ context, enqueue }) => {
      for (const { id } of context.granted) enqueue(cancel(`grant ${id}`));
      enqueue.assign({ granted: [] });
    }),
    endWindow: assign(({ context }, { shardId }: { shardId: number }) => ({
      cooling: context.cooling.filter((other) => other !== shardId),
    })),
    rememberConcurrency: assign((_, { maxConcurrency }: { maxConcurrency: number }) => ({ maxConcurrency })),
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
    reportExhausted: emit({ type: 'identify.exhausted' } satisfies IdentifyQueueReport),
    reportRenewed: emit({ type: 'identify.renewed' } satisfies IdentifyQueueReport),
  },
});

/**
 * The identify queue: one IDENTIFY per `shard_id % max_concurrency` in any window, first come, first served in each key,
 * and never more than the day's budget. A window begins when IDENTIFY leaves, not with the grant.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 */
export const identifyQueueMachine = queueSetup.createMachine({
  id: 'identifyQueue',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, waiting: [], granted: [], cooling: [], budget: null }),
  initial: 'serving',
  on: {
    'queue.join': { actions: { type: 'join', params: carried } },
    'queue.leave': { actions: { type: 'leave', params: carried } },
    'grant.commit': {
      guard: { type: 'isGranted', params: carried },
      actions: [{ type: 'startWindow', params: carried }, { type: 'endGrant', params: carried }, 'spend'],
    },
    'grant.cancel': { actions: { type: 'endGrant', params: carried } },
    'grant.expired': { actions: { type: 'endGrant', params: carried } },
    'window.passed': { actions: { type: 'endWindow', params: carried } },
    'budget.told': {
      actions: { type: 'rememberBudget', params: carried },
    },
    'budget.renewed': { actions: 'renew' },
    // Two grants may share a key of the new number: each is worth nothing, and its shard asks again.
    'concurrency.told': {
      guard: { type: 'isOtherConcurrency', params: carried },
      actions: ['withdrawGrants', { type: 'rememberConcurrency', params: carried }],
    },
  },
  states: {
    serving: {
      always: [
        { guard: 'isSpent', target: 'exhausted' },
        { guard: 'canGrant', actions: 'grant' },
      ],
    },
    // Discord resets the token of a bot that spends more than its day's identifies: no grant without a budget.
    exhausted: {
      entry: ['withdrawGrants', 'reportExhausted'],
      always: { guard: 'hasBudget', target: 'serving' },
      exit: 'reportRenewed',
    },
  },
});
