import type { IdentifyQueueContext, IdentifyQueueEvent, IdentifyTicket } from '../../../machines/index.js';
import type { Begins, Facts, Law, Outcome } from './lawbook.js';

type Named<Type extends IdentifyQueueEvent['type']> = Extract<IdentifyQueueEvent, { type: Type }>;
type Told<Type extends IdentifyQueueEvent['type']> = Facts<IdentifyQueueContext, Named<Type>>;

const without = (tickets: readonly IdentifyTicket[], id: number) => tickets.filter((ticket) => ticket.id !== id);

/** The first in a free key may go while the day has identifies left; `identify.exhausted` says when it has none. */
function serves(path: string, context: IdentifyQueueContext): Outcome<IdentifyQueueContext> {
  const { budget, reserve, maxConcurrency } = context;
  const left = budget === null ? Infinity : budget.remaining - reserve;
  if (left <= 0) {
    // A turn that was given is worth nothing any more.
    const frames = path === 'exhausted' ? [] : ['identify.exhausted'];
    return { to: 'exhausted', frames, context: { ...context, granted: [] } };
  }
  const frames = path === 'exhausted' ? ['identify.renewed'] : [];
  const granted = [...context.granted];
  const waiting: IdentifyTicket[] = [];
  for (const ticket of context.waiting) {
    const key = ticket.shardId % maxConcurrency;
    // A ticket before it in its key goes first.
    const isTaken = [...context.cooling, ...[...granted, ...waiting].map(({ shardId }) => shardId)].some(
      (shardId) => shardId % maxConcurrency === key,
    );
    if (isTaken || granted.length >= left) waiting.push(ticket);
    else {
      granted.push(ticket);
      frames.push(`identify.granted ${ticket.id}`);
    }
  }
  return { to: 'serving', frames, context: { ...context, waiting, granted } };
}

export const identifyQueueBegins: Begins<IdentifyQueueContext> = {
  in: 'serving',
  context: { waiting: [], granted: [], cooling: [], budget: null },
};

/** What the identify queue owes. */
export const identifyQueueLaws: readonly Law<IdentifyQueueContext>[] = [
  {
    says: 'a shard queues, and goes at once if its key is free',
    in: [''],
    on: 'queue.join',
    owes: ({ path, context, event }: Told<'queue.join'>) =>
      serves(path, { ...context, waiting: [...context.waiting, event.ticket] }),
  },
  {
    says: 'a shard that no longer waits makes room',
    in: [''],
    on: 'queue.leave',
    owes: ({ path, context, event }: Told<'queue.leave'>) =>
      serves(path, { ...context, waiting: without(context.waiting, event.id) }),
  },
  {
    says: 'an identify is counted, and its key is taken for a window',
    in: [''],
    on: 'grant.commit',
    if: ({ context, event }: Told<'grant.commit'>) => context.granted.some(({ id }) => id === event.id),
    owes: ({ path, context, event }: Told<'grant.commit'>) => {
      const { granted, cooling, budget } = context;
      const shardId = granted.find(({ id }) => id === event.id)?.shardId ?? Number.NaN;
      return serves(path, {
        ...context,
        granted: without(granted, event.id),
        cooling: [...cooling, shardId],
        budget: budget && { ...budget, remaining: budget.remaining - 1 },
      });
    },
  },
  ...(['grant.cancel', 'grant.expired'] as const).map((type): Law<IdentifyQueueContext> => ({
    says: `a turn that was not used is the next one's (${type})`,
    in: [''],
    on: type,
    owes: ({ path, context, event }: Told<'grant.cancel' | 'grant.expired'>) =>
      serves(path, { ...context, granted: without(context.granted, event.id) }),
  })),
  {
    says: 'a window that has passed frees its key',
    in: [''],
    on: 'window.passed',
    owes: ({ path, context, event }: Told<'window.passed'>) =>
      serves(path, { ...context, cooling: context.cooling.filter((shardId) => shardId !== event.shardId) }),
  },
  {
    says: 'a newer budget counts from now on',
    in: [''],
    on: 'budget.told',
    owes: ({ path, context, event }: Told<'budget.told'>) => {
      const { total, remaining } = event.budget;
      return serves(path, { ...context, budget: { total, remaining } });
    },
  },
  {
    says: 'another max_concurrency takes back the turns that were given: two of them may share a key now',
    in: [''],
    on: 'concurrency.told',
    if: ({ context, event }: Told<'concurrency.told'>) => context.maxConcurrency !== event.maxConcurrency,
    owes: ({ path, context, event: { maxConcurrency } }: Told<'concurrency.told'>) =>
      serves(path, { ...context, maxConcurrency, granted: [] }),
  },
  {
    says: 'with the new day the budget is whole',
    in: [''],
    on: 'budget.renewed',
    owes: ({ path, context }: Told<'budget.renewed'>) =>
      serves(path, { ...context, budget: context.budget && { ...context.budget, remaining: context.budget.total } }),
  },
];
