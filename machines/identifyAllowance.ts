import { assign, emit, enqueueActions, setup } from 'xstate';
import type { IdentifyHistory } from '../src/protocol/identifyRecord.js';
import { BUDGET_PERIOD_MS } from '../src/protocol/limits.js';
import { allowanceBurst, allowanceRefillMs } from '../src/protocol/identifyAllowance.js';
import { carried } from './carried.js';
import type { IdentifyTicket } from './identifyQueue.js';

export interface IdentifyAllowanceInput {
  /** Identifies of a day, until `day.told`: 1 000 for a bot that Discord has given no other number. */
  readonly dayTotal: number;
  /** Longest wait for the store of earlier identifies. */
  readonly historyLimitMs: number;
}

/** A ticket that may go to the identify queue. */
export interface HeldTicket extends IdentifyTicket {
  /** True where its shard has identified before: it takes a permit. */
  readonly isFurther: boolean;
}

export interface IdentifyAllowanceContext extends IdentifyAllowanceInput {
  /** True once Discord has told the day's total: the identify queue counts the day then. */
  readonly isDayTold: boolean;
  /** Every shard that has asked. */
  readonly shards: readonly number[];
  /** Shards that have identified. */
  readonly started: readonly number[];
  /** Permits for further identifies. */
  readonly spare: number;
  /** Identifies of the last 24 hours. */
  readonly used: number;
  readonly waiting: readonly IdentifyTicket[];
  /** Tickets that may go, and have not identified yet. */
  readonly held: readonly HeldTicket[];
}

export type IdentifyAllowanceEvent =
  | { type: 'history.told'; history: IdentifyHistory }
  /** There is no store, or its history cannot be had. */
  | { type: 'history.none' }
  | { type: 'allowance.ask'; ticket: IdentifyTicket }
  /** The shard no longer wants to identify, or its grant was not used. */
  | { type: 'allowance.return'; id: number }
  /** IDENTIFY leaves now. */
  | { type: 'allowance.spend'; id: number }
  | { type: 'permit.refilled' }
  /** Identifies are a day old. */
  | { type: 'identifies.aged'; count: number }
  | { type: 'day.told'; total: number };

/** Emitted: a ticket may go to the identify queue; none may until a permit or a day's identify is free again; one may again. */
export type IdentifyAllowanceReport =
  | { type: 'allowance.granted'; id: number }
  | { type: 'allowance.exhausted' }
  | { type: 'allowance.renewed' }
  /** The next permit is back after this time. */
  | { type: 'allowance.refilling'; delayMs: number };

const furtherHeld = ({ held }: Pick<IdentifyAllowanceContext, 'held'>) =>
  held.filter(({ isFurther }) => isFurther).length;

const burstOf = ({ dayTotal, shards }: IdentifyAllowanceContext) => allowanceBurst(dayTotal, shards.length);

/** The permits after a change of the burst: those that are taken stay taken, those that are held stay held. */
function rescaled(before: IdentifyAllowanceContext, after: IdentifyAllowanceContext): { spare: number } {
  return { spare: Math.max(furtherHeld(before), before.spare + burstOf(after) - burstOf(before)) };
}

/** Tickets that may go now: a first identify while the day has one, a further one while there is a permit besides. */
function turns({ waiting, held, started, spare, used, dayTotal, isDayTold }: IdentifyAllowanceContext): HeldTicket[] {
  if (waiting.length === 0) return [];
  let dayLeft = isDayTold ? Infinity : dayTotal - used - held.length;
  let permits = spare - furtherHeld({ held });
  const busy = new Set([...started, ...held.map(({ shardId }) => shardId)]);
  const next: HeldTicket[] = [];
  for (const ticket of waiting) {
    const isFurther = busy.has(ticket.shardId);
    if (dayLeft <= 0 || (isFurther && permits <= 0)) continue;
    next.push({ ...ticket, isFurther });
    busy.add(ticket.shardId);
    dayLeft -= 1;
    if (isFurther) permits -= 1;
  }
  return next;
}

const without = <Ticket extends IdentifyTicket>(tickets: readonly Ticket[], id: number) =>
  tickets.filter((ticket) => ticket.id !== id);

interface Refilling {
  raise(event: { type: 'permit.refilled' }, options: { delay: number; id: string }): void;
  emit(report: IdentifyAllowanceReport): void;
}

/** Starts the time of one permit. It runs whenever there are fewer permits than the burst. */
function startRefill({ dayTotal, shards }: IdentifyAllowanceContext, enqueue: Refilling): void {
  const delayMs = allowanceRefillMs(dayTotal, shards.length);
  enqueue.raise({ type: 'permit.refilled' }, { delay: delayMs, id: 'refill' });
  enqueue.emit({ type: 'allowance.refilling', delayMs });
}

const allowanceSetup = setup({
  types: {
    context: {} as IdentifyAllowanceContext,
    events: {} as IdentifyAllowanceEvent,
    input: {} as IdentifyAllowanceInput,
    emitted: {} as IdentifyAllowanceReport,
  },
  guards: {
    canGrant: ({ context }) => turns(context).length > 0,
    isWaiting: ({ context }) => context.waiting.length > 0,
    isIdle: ({ context }) => context.waiting.length === 0,
    isHeld: ({ context }, { id }: { id: number }) => context.held.some((ticket) => ticket.id === id),
  },
  actions: {
    join: assign(({ context }, { ticket }: { ticket: IdentifyTicket }) => {
      const shards = context.shards.includes(ticket.shardId) ? context.shards : [...context.shards, ticket.shardId];
      return { waiting: [...context.waiting, ticket], shards, ...rescaled(context, { ...context, shards }) };
    }),
    giveBack: assign(({ context }, { id }: { id: number }) => ({
      waiting: without(context.waiting, id),
      held: without(context.held, id),
    })),
    grant: enqueueActions(({ context, enqueue }) => {
      const next = turns(context);
      for (const { id } of next) enqueue.emit({ type: 'allowance.granted', id } satisfies IdentifyAllowanceReport);
      enqueue.assign({
        waiting: context.waiting.filter(({ id }) => next.every((ticket) => ticket.id !== id)),
        held: [...context.held, ...next],
      });
    }),
    spend: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      const { shardId = 0, isFurther = false } = context.held.find((other) => other.id === id) ?? {};
      enqueue.raise({ type: 'identifies.aged', count: 1 }, { delay: BUDGET_PERIOD_MS, id: `day of ${id}` });
      enqueue.assign({
        held: without(context.held, id),
        used: context.used + 1,
        started: isFurther ? context.started : [...context.started, shardId],
        spare: isFurther ? context.spare - 1 : context.spare,
      });
      if (isFurther && context.spare >= burstOf(context)) startRefill(context, enqueue);
    }),
    refill: enqueueActions(({ context, enqueue }) => {
      const spare = Math.min(burstOf(context), context.spare + 1);
      enqueue.assign({ spare });
      if (spare < burstOf(context)) startRefill(context, enqueue);
    }),
    age: assign(({ context }, { count }: { count: number }) => ({ used: Math.max(0, context.used - count) })),
    adoptHistory: enqueueActions(({ context, enqueue }, { history }: { history: IdentifyHistory }) => {
      const recent = history.identifies.filter(({ ageMs }) => ageMs < BUDGET_PERIOD_MS);
      for (const [index, { ageMs, count }] of recent.entries()) {
        const delay = BUDGET_PERIOD_MS - ageMs;
        enqueue.raise({ type: 'identifies.aged', count }, { delay, id: `history ${index}` });
      }
      const refilled = Math.floor(history.sinceMs / allowanceRefillMs(context.dayTotal, context.shards.length));
      const spare = Math.min(burstOf(context), history.spare + refilled);
      enqueue.assign({ used: context.used + recent.reduce((sum, { count }) => sum + count, 0), spare });
      if (spare < burstOf(context)) startRefill(context, enqueue);
    }),
    rememberDay: assign(({ context }, { total }: { total: number }) => ({
      dayTotal: total,
      isDayTold: true,
      ...rescaled(context, { ...context, dayTotal: total }),
    })),
    reportExhausted: emit({ type: 'allowance.exhausted' } satisfies IdentifyAllowanceReport),
    reportRenewed: emit({ type: 'allowance.renewed' } satisfies IdentifyAllowanceReport),
  },
  delays: { historyLimit: ({ context }) => context.historyLimitMs },
});

/**
 * The allowance for identifies: each shard's first one passes, every further one takes a permit that all shards share and
 * that only time brings back, so that no loop of READY and a lost session spends the day. Where Discord has not told the
 * day's total, identifies of the last 24 hours are counted here against 1 000.
 *
 * A ticket that passes goes on to the identify queue. See
 * [Discord Docs/Session Start Limit](https://docs.discord.com/developers/events/gateway#session-start-limit-object).
 */
export const identifyAllowanceMachine = allowanceSetup.createMachine({
  id: 'identifyAllowance',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    isDayTold: false,
    shards: [],
    started: [],
    spare: allowanceBurst(input.dayTotal, 0),
    used: 0,
    waiting: [],
    held: [],
  }),
  on: {
    'allowance.ask': { actions: { type: 'join', params: carried } },
    'allowance.return': { actions: { type: 'giveBack', params: carried } },
    'allowance.spend': { guard: { type: 'isHeld', params: carried }, actions: { type: 'spend', params: carried } },
    'permit.refilled': { actions: 'refill' },
    'identifies.aged': { actions: { type: 'age', params: carried } },
    'day.told': { actions: { type: 'rememberDay', params: carried } },
  },
  initial: 'recalling',
  states: {
    // A process in a crash loop must not start with a fresh allowance: no grant before the store has answered.
    recalling: {
      on: {
        'history.told': { target: 'serving', actions: { type: 'adoptHistory', params: carried } },
        'history.none': 'serving',
      },
      after: { historyLimit: 'serving' },
    },
    serving: {
      always: [
        { guard: 'canGrant', actions: 'grant' },
        { guard: 'isWaiting', target: 'exhausted' },
      ],
    },
    exhausted: {
      entry: 'reportExhausted',
      always: [
        { guard: 'canGrant', target: 'serving' },
        { guard: 'isIdle', target: 'serving' },
      ],
      exit: 'reportRenewed',
    },
  },
});
