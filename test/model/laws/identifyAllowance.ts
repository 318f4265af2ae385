import type { IdentifyAllowanceContext, IdentifyAllowanceEvent, IdentifyTicket } from '../../../machines/index.js';
import { Expectation, type Begins, type Facts, type Law, type Outcome } from './lawbook.js';

type Context = IdentifyAllowanceContext;
type Named<Type extends IdentifyAllowanceEvent['type']> = Facts<
  Context,
  Extract<IdentifyAllowanceEvent, { type: Type }>
>;

const DAY_MS = 86_400_000;

/** Ten, or two a shard; never more than half of what the first identifies leave of the day, and never less than one. */
function burst({ dayTotal, shards }: Pick<Context, 'dayTotal' | 'shards'>): number {
  const half = Math.floor((dayTotal - shards.length) / 2);
  return Math.max(1, Math.min(half, shards.length > 5 ? 2 * shards.length : 10));
}

/** First identifies, burst and a day of refills make the day's total. */
function refillMs(context: Pick<Context, 'dayTotal' | 'shards'>): number {
  const refills = context.dayTotal - context.shards.length - burst(context);
  return Math.ceil(DAY_MS / (refills > 1 ? refills : 1));
}

/** Each first identify goes while the day lasts, each further one with a permit; what cannot go makes it exhausted. */
function serves(path: string, context: Context, sent: readonly string[] = []): Outcome<Context> {
  if (path === 'recalling') return { to: 'recalling', frames: sent, context };
  const went: Context['held'][number][] = [];
  const stay: IdentifyTicket[] = [];
  for (const ticket of context.waiting) {
    const before = [...context.held, ...went];
    const isFurther =
      context.started.includes(ticket.shardId) || before.some(({ shardId }) => shardId === ticket.shardId);
    const isDaySpent = !context.isDayTold && context.used + before.length >= context.dayTotal;
    const isAllowed = !isFurther || before.filter((held) => held.isFurther).length < context.spare;
    if (isAllowed && !isDaySpent) went.push({ ...ticket, isFurther });
    else stay.push(ticket);
  }
  const isNews = went.length > 0 || stay.length === 0;
  const frames = [...sent];
  if (path === 'exhausted' && isNews) frames.push('allowance.renewed');
  frames.push(...went.map(({ id }) => `allowance.granted ${id}`));
  if (stay.length > 0 && (path !== 'exhausted' || isNews)) frames.push('allowance.exhausted');
  const to = stay.length > 0 ? 'exhausted' : 'serving';
  return { to, frames, context: { ...context, waiting: stay, held: [...context.held, ...went] } };
}

const without = <Ticket extends IdentifyTicket>(tickets: readonly Ticket[], gone: number) =>
  tickets.filter(({ id }) => id !== gone);

/** A changed burst changes the permits by as much: those that are out stay out, those that are held stay held. */
const resized = (before: Context, change: Partial<Context>): Context => {
  const after = { ...before, ...change };
  const held = before.held.reduce((sum, { isFurther }) => sum + Number(isFurther), 0);
  return { ...after, spare: Math.max(held, after.spare + burst(after) - burst(before)) };
};

export const identifyAllowanceBegins: Begins<Context> = {
  in: 'recalling',
  context: {
    isDayTold: false,
    shards: [],
    started: [],
    spare: new Expectation('the burst of no shard', (value) => value === 10) as unknown as number,
    used: 0,
    waiting: [],
    held: [],
  },
};

/** What the allowance owes. */
export const identifyAllowanceLaws: readonly Law<Context>[] = [
  {
    says: 'identifies of an earlier process count until they are a day old, and its permits come back by time',
    in: ['recalling'],
    on: 'history.told',
    owes: ({ context, event: { history } }: Named<'history.told'>) => {
      const recent = history.identifies.filter(({ ageMs }) => ageMs < DAY_MS);
      const back = Math.trunc(history.sinceMs / refillMs(context));
      const spare = Math.min(history.spare + back, burst(context));
      const used = recent.reduce((sum, { count }) => sum + count, context.used);
      const sent = spare < burst(context) ? ['allowance.refilling'] : [];
      return serves('serving', { ...context, used, spare }, sent);
    },
  },
  {
    says: 'without a history the day begins whole',
    in: ['recalling'],
    on: 'history.none',
    owes: ({ context }: Named<'history.none'>) => serves('serving', context),
  },
  {
    says: 'a store that does not answer holds no shard up for long',
    in: ['recalling'],
    on: 'xstate.after.historyLimit',
    timer: { of: 'recalling', ms: ({ historyLimitMs }) => historyLimitMs },
    owes: ({ context }: Facts<Context, { type: string }>) => serves('serving', context),
  },
  {
    says: 'a shard asks, and its first identify passes while the day lasts',
    in: [''],
    on: 'allowance.ask',
    owes: ({ path, context, event: { ticket } }: Named<'allowance.ask'>) => {
      const isKnown = context.shards.includes(ticket.shardId);
      const joined = isKnown ? context : resized(context, { shards: [...context.shards, ticket.shardId] });
      return serves(path, { ...joined, waiting: [...context.waiting, ticket] });
    },
  },
  {
    says: 'a ticket that is given back takes nothing',
    in: [''],
    on: 'allowance.return',
    owes: ({ path, context, event: { id } }: Named<'allowance.return'>) =>
      serves(path, { ...context, waiting: without(context.waiting, id), held: without(context.held, id) }),
  },
  {
    says: 'an identify counts for a day; a further one takes a permit, which time brings back',
    in: [''],
    on: 'allowance.spend',
    if: ({ context, event }: Named<'allowance.spend'>) => context.held.some(({ id }) => id === event.id),
    owes: ({ path, context, event: { id } }: Named<'allowance.spend'>) => {
      const ticket = context.held.find((held) => held.id === id);
      const isFurther = ticket?.isFurther === true;
      const sent = isFurther && context.spare >= burst(context) ? ['allowance.refilling'] : [];
      return serves(
        path,
        {
          ...context,
          held: without(context.held, id),
          used: context.used + 1,
          started: isFurther ? context.started : [...context.started, ticket?.shardId ?? Number.NaN],
          spare: isFurther ? context.spare - 1 : context.spare,
        },
        sent,
      );
    },
  },
  {
    says: 'a permit comes back, and the next begins to, until the burst is whole',
    in: [''],
    on: 'permit.refilled',
    owes: ({ path, context }: Named<'permit.refilled'>) => {
      const spare = Math.min(context.spare + 1, burst(context));
      return serves(path, { ...context, spare }, spare < burst(context) ? ['allowance.refilling'] : []);
    },
  },
  {
    says: 'identifies that are a day old count no more',
    in: [''],
    on: 'identifies.aged',
    owes: ({ path, context, event: { count } }: Named<'identifies.aged'>) =>
      serves(path, { ...context, used: Math.max(context.used - count, 0) }),
  },
  {
    says: "once Discord tells the day's total, the identify queue counts the day",
    in: [''],
    on: 'day.told',
    owes: ({ path, context, event: { total } }: Named<'day.told'>) =>
      serves(path, resized(context, { dayTotal: total, isDayTold: true })),
  },
];
