import type { AnyStateMachine, EventObject, InputFrom, SnapshotFrom } from 'xstate';
import {
  bucketMachine,
  heartbeatMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
} from '../../machines/index.js';
import { Child } from './child.js';
import { inside, shortestPaths, type Path } from './explore.js';
import { lawbooks, type Chart } from './laws/index.js';
import { Unlawful } from './laws/lawbook.js';
import { pathOf, type ObservedStep } from './observer.js';

/** How a chart other than the shard's is walked through. */
export interface ChildModel<Machine extends AnyStateMachine> {
  readonly machine: Machine;
  readonly input: InputFrom<Machine>;
  readonly events: (snapshot: SnapshotFrom<Machine>) => readonly EventObject[];
  readonly project: (snapshot: SnapshotFrom<Machine>) => string;
  /** The child that sends itself this event later: time, although the chart's definition does not show it. */
  readonly isTimer: (type: string) => boolean;
}

const told = [
  { type: 'heartbeat.acknowledged', latencyMs: 20 },
  { type: 'heartbeat.requested' },
  { type: 'heartbeat.settled' },
];

export const heartbeatModel: ChildModel<typeof heartbeatMachine> = {
  machine: heartbeatMachine,
  input: { intervalMs: 40_000, firstBeatMs: 15_000 },
  project: ({ value }) => pathOf(value),
  events: (snapshot) => (snapshot.status === 'active' ? [...told, ...inside(snapshot)] : []),
  isTimer: (type) => type.startsWith('xstate.after.'),
};

const tickets = [
  { id: 1, priority: false, presence: false },
  { id: 2, priority: false, presence: false },
  { id: 3, priority: true, presence: false },
  { id: 4, priority: false, presence: true },
];

/** A single permit: with more, which comes back first would depend on when each was taken, and a configuration has no time. */
const CAPACITY = 1;

export const bucketModel: ChildModel<typeof bucketMachine> = {
  machine: bucketMachine,
  input: undefined as never,
  project: ({ value, context: { queue, free, freePresence } }) =>
    [pathOf(value), `queue ${queue.map(({ id }) => id).join(' ')}`, free.length, freePresence.length].join(', '),
  events: ({ value, context: { queue, free, freePresence } }) => [
    ...(value === 'closed' ? [{ type: 'bucket.open', capacity: CAPACITY }] : []),
    { type: 'bucket.close' },
    ...tickets
      .filter(({ id }) => queue.every((ticket) => ticket.id !== id))
      .map((ticket) => ({ type: 'bucket.queue', ticket })),
    ...tickets.map(({ id }) => ({ type: 'bucket.cancel', id })),
    // A presence permit comes back in 20 s, the permit taken with it in 60.
    ...(value === 'open' && freePresence.length < 5 ? [{ type: 'presencePermit.returned', permit: 0 }] : []),
    ...(value === 'open' && free.length === 0 && freePresence.length === 5
      ? [{ type: 'permit.returned', permit: 0 }]
      : []),
  ],
  isTimer: (type) => type.endsWith('ermit.returned'),
};

const HOUR_MS = 3_600_000;
const shards = [
  { id: 1, shardId: 0 },
  { id: 2, shardId: 5 },
];

/** A single key of one or of five, for the same reason; what several keys do is in test/machines/identifyQueue.test.ts. */
export const identifyQueueModel: ChildModel<typeof identifyQueueMachine> = {
  machine: identifyQueueMachine,
  input: { maxConcurrency: 1, windowMs: 5_000, grantLifetimeMs: 4_000, reserve: 1 },
  project: ({ value, context: { waiting, granted, cooling, budget, maxConcurrency } }) =>
    [
      pathOf(value),
      `of ${maxConcurrency}`,
      `waiting ${waiting.map(({ id }) => id).join(' ')}`,
      `granted ${granted.map(({ id }) => id).join(' ')}`,
      `cooling ${cooling.join(' ')}`,
      budget === null ? 'no budget' : `${budget.remaining} left`,
    ].join(', '),
  events: ({ context: { waiting, granted, cooling, budget } }) => [
    ...shards
      .filter(({ id }) => [...waiting, ...granted].every((ticket) => ticket.id !== id))
      .map((ticket) => ({ type: 'queue.join', ticket })),
    ...shards.flatMap(({ id }) => ['queue.leave', 'grant.commit', 'grant.cancel'].map((type) => ({ type, id }))),
    ...[0, 2].map((remaining) => ({
      type: 'budget.told',
      budget: { total: 3, remaining, resetAfterMs: HOUR_MS },
    })),
    ...granted.map(({ id }) => ({ type: 'grant.expired', id })),
    ...cooling.map((shardId) => ({ type: 'window.passed', shardId })),
    ...[1, 5].map((maxConcurrency) => ({ type: 'concurrency.told', maxConcurrency })),
    // All other waits are over by then.
    ...(budget !== null && granted.length === 0 && cooling.length === 0 ? [{ type: 'budget.renewed' }] : []),
  ],
  isTimer: (type) => /^(grant\.expired|window\.passed|budget\.renewed)$/.test(type),
};

/** A ticket of one shard, another of the same shard, and one of a second shard. */
const asks = [
  { id: 1, shardId: 0 },
  { id: 2, shardId: 0 },
  { id: 3, shardId: 1 },
];

/** More identifies than that would be a day old while permits still come back: which is first would depend on time. */
const MOST_IDENTIFIES = 3;

/** Identifies of the earlier process: they are a day old after a millisecond, before anything else happens. */
const EARLIER = 29;
const history = {
  identifies: [
    { ageMs: 86_400_000, count: 7 },
    { ageMs: 86_399_999, count: EARLIER },
  ],
  sinceMs: 4_799_999,
};

export const identifyAllowanceModel: ChildModel<typeof identifyAllowanceMachine> = {
  machine: identifyAllowanceMachine,
  input: { dayTotal: 30, historyLimitMs: 10_000 },
  project: ({ value, context: { waiting, held, started, shards, spare, used, isDayTold } }) =>
    [
      pathOf(value),
      `waiting ${waiting.map(({ id }) => id).join(' ')}`,
      `held ${held.map(({ id, isFurther }) => `${id}${isFurther ? '+' : ''}`).join(' ')}`,
      `started ${started.join(' ')}`,
      `of ${shards.join(' ')}`,
      `${spare} spare`,
      `${used} used`,
      isDayTold ? 'told' : 'counted',
    ].join(', '),
  events: (snapshot) => {
    const { waiting, held, spare, used, shards: known, isDayTold } = snapshot.context;
    const isEarlier = used >= EARLIER;
    const identifies = isEarlier ? used - EARLIER : used;
    const mayAsk = identifies + waiting.length + held.length < MOST_IDENTIFIES;
    const burst = Math.min(10, Math.floor((snapshot.context.dayTotal - known.length) / 2));
    const isRefilling = !isEarlier && spare < burst && snapshot.value !== 'recalling';
    return [
      ...(snapshot.value === 'recalling'
        ? [
            { type: 'history.none' },
            { type: 'history.told', history: { ...history, spare: 0 } },
            { type: 'history.told', history: { ...history, spare: 40 } },
            ...inside(snapshot),
          ]
        : []),
      ...asks
        .filter(({ id }) => mayAsk && [...waiting, ...held].every((ticket) => ticket.id !== id))
        .map((ticket) => ({ type: 'allowance.ask', ticket })),
      ...asks.flatMap(({ id }) => ['allowance.return', 'allowance.spend'].map((type) => ({ type, id }))),
      ...(isDayTold ? [] : [{ type: 'day.told', total: 14 }]),
      // Longer times of a day that was told reach the age of the identifies.
      ...(isRefilling && (!isDayTold || spare >= burst - 2) ? [{ type: 'permit.refilled' }] : []),
      ...(isEarlier ? [{ type: 'identifies.aged', count: EARLIER }] : []),
      ...(used === 1 && spare >= burst ? [{ type: 'identifies.aged', count: 1 }] : []),
    ];
  },
  isTimer: (type) => /^(permit\.refilled|identifies\.aged|xstate\.after\..*)$/.test(type),
};

export interface ChildCheck<Machine extends AnyStateMachine> {
  /** Another chart than ours: a mutant. */
  readonly machine?: Machine;
  readonly observe?: (step: ObservedStep, path: number) => void;
  readonly number?: () => number;
}

export const childPaths = <Machine extends AnyStateMachine>(model: ChildModel<Machine>): Path[] =>
  shortestPaths(model.machine, model);

/** Walks to one configuration, and from there everywhere one event more can lead. Throws at the first unlawful step. */
export function checkChildPath<Machine extends AnyStateMachine>(
  model: ChildModel<Machine>,
  path: Path,
  check: ChildCheck<Machine> = {},
): void {
  const first = walkPath(model, path, check);
  const idle = path.next.filter(first.isLawless);
  // Events that no law names change nothing: all of them fit into one run.
  for (const event of idle) first.perform(event);
  first.child.stop();
  for (const event of path.next.filter((other) => !idle.includes(other))) {
    const run = walkPath(model, path, check);
    run.perform(event);
    run.child.stop();
  }
}

/** A live chart at the end of a path. */
export function walkPath<Machine extends AnyStateMachine>(
  model: ChildModel<Machine>,
  path: Path,
  { machine = model.machine, observe, number }: ChildCheck<Machine> = {},
) {
  const run = number?.() ?? 0;
  const child = new Child(machine, model.input, observe && ((step) => observe(step, run)));
  const story: string[] = [];
  const verify = () => {
    if (child.violations.length > 0) throw new Unlawful(`${story.join(', ')}:\n${child.violations.join('\n')}`);
  };
  const isLawless = (event: EventObject) => {
    const { path, snapshot } = child;
    const { context } = snapshot as { readonly context: never };
    return lawbooks[machine.id as Chart].find({ path, context }, event) === undefined;
  };
  const perform = (event: EventObject) => {
    story.push(event.type);
    const [, actor] = /^xstate\.error\.actor\.(.+)$/.exec(event.type) ?? [];
    if (actor !== undefined) child.fail(actor);
    else if (model.isTimer(event.type)) child.wait();
    else child.tell(event as never);
    verify();
    if (model.isTimer(event.type) && child.lastEvent !== event.type) {
      throw new Unlawful(`${story.join(', ')}: ${child.lastEvent} came instead`);
    }
  };
  // A chart that throws as it starts has no state to look at.
  verify();
  for (const { event, reaches } of path.steps) {
    perform(event);
    const reached = model.project(child.snapshot);
    if (reached !== reaches) throw new Unlawful(`${story.join(', ')}: leads to "${reached}", not to "${reaches}"`);
  }
  return { child, perform, isLawless };
}
