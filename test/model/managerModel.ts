import type { SnapshotFrom } from 'xstate';
import {
  managerMachine,
  type ManagerContext,
  type ManagerEvent,
  type Prepared,
  type ShardRef,
  type ShardStart,
} from '../../machines/index.js';
import type { ChildModel } from './checkChild.js';
import { inside } from './explore.js';
import { pathOf } from './observer.js';

type ManagerSnapshot = SnapshotFrom<typeof managerMachine>;

const way = { code: 1000, reason: 'asked' };

/** Two shards of one key, and another set of one; more shards and keys are tested in test/machines/manager.test.ts. */
const commands: readonly ManagerEvent[] = [
  { type: 'connect' },
  { type: 'close', ...way },
  { type: 'shutdown', ...way },
  { type: 'abort', ...way },
  { type: 'scale', ids: [0], ...way },
  { type: 'scale', ids: [0, 1], ...way },
  { type: 'restart', rolling: true, newSessions: false, identifiesLeft: 0 },
  { type: 'restart', rolling: false, newSessions: true, identifiesLeft: null },
  { type: 'restart', rolling: true, newSessions: true, identifiesLeft: 1 },
  { type: 'restart', rolling: false, newSessions: true, identifiesLeft: 0 },
  { type: 'reshard', total: 'auto', ids: null },
  { type: 'reshard.abort' },
];

const reports = ['shard.opened', 'shard.up', 'shard.left', 'shard.down', 'shard.gone'] as const;

const prepared = (of: Partial<Prepared>): ManagerEvent => ({
  type: 'manager.prepared',
  prepared: { total: 2, ids: [0, 1], resumable: [], maxConcurrency: 1, identifiesLeft: null, ...of },
});

/** The answers that lead to different states, where a preparation runs. */
function answers(path: string, { current }: ManagerContext): ManagerEvent[] {
  if (path === 'Preparing') return [prepared({}), prepared({ resumable: [1] }), { type: 'manager.unprepared' }];
  if (path !== 'Online.Resharding.preparing') return [prepared({}), { type: 'manager.unprepared' }];
  const ids = current?.ids.length === 1 ? [0, 1] : [0];
  const other = { total: ids.length, ids };
  return [
    prepared(other),
    prepared({ ...other, identifiesLeft: ids.length }),
    prepared({ ...other, identifiesLeft: ids.length - 1 }),
    prepared({ ...other, identifiesLeft: ids.length - 1, resumable: [0] }),
    { type: 'manager.unprepared' },
  ];
}

/** Every shard the manager knows of, and two it does not. */
function refs({ current, next, previous, leaving, lastSet }: ManagerContext): ShardRef[] {
  const known = [current, next, previous].flatMap((set) => set?.ids.map((id) => ({ set: set.number, id })) ?? []);
  const going = leaving.filter(({ set, id }) => known.every((ref) => ref.set !== set || ref.id !== id));
  return [...known, ...going, { set: lastSet, id: 9 }, { set: 0, id: 0 }];
}

/** The facts that decide what a manager does next. Set numbers only grow, so a set is called by its part instead. */
function project({ value, context }: ManagerSnapshot): string {
  const { current, next, previous, starting, lost, leaving, restart } = context;
  const path = pathOf(value);
  const parts = new Map([
    [previous?.number, 'previous'],
    [next?.number, 'next'],
    [current?.number, 'current'],
  ]);
  const say = (name: string, refs: readonly (ShardRef & { readonly resumes?: boolean })[]) => {
    const words = refs.map(({ set, id, resumes }) => `${parts.get(set) ?? 'old'} ${id}${resumes === true ? '!' : ''}`);
    return words.length === 0 ? [] : [`${name} ${words.toSorted().join(' ')}`];
  };
  const sets = [current, next, previous].map((set) => (set === null ? 'none' : `${set.ids.join(' ')} of ${set.total}`));
  const inPhase = (phase: ShardStart['phase']) => starting.filter((start) => start.phase === phase);
  const matters = /Scaling|abandoning|failing/.test(path);
  return [
    path,
    sets.join(', '),
    ...say('waiting', inPhase('waiting')),
    ...say('opening', inPhase('opening')),
    // A shard past HELLO has identified or resumed: which of the two decides nothing any more.
    ...say(
      'rising',
      inPhase('rising').map(({ set, id }) => ({ set, id })),
    ),
    ...say('leaving', leaving),
    ...say('due', restart?.due ?? []),
    // While everything goes down, a shard that is lost changes nothing.
    ...(path.startsWith('Closing')
      ? []
      : [
          ...say(
            'away',
            lost.filter(({ returns }) => returns),
          ),
          ...say(
            'down',
            lost.filter(({ returns }) => !returns),
          ),
        ]),
    ...(matters ? say('failed', context.failed) : []),
    ...(path === 'Online.Running' && context.failed.length > 0 ? ['after a failure'] : []),
    ...(path === 'Online.Restarting' ? [JSON.stringify([restart?.rolling, restart?.newSessions])] : []),
  ].join(', ');
}

/** `manager.scale` refuses ids beyond the total. */
const isPossible = (command: ManagerEvent, { current }: ManagerContext) =>
  command.type !== 'scale' || command.ids.every((id) => id < (current?.total ?? 1));

function canHappen(type: string, { value, context }: ManagerSnapshot): boolean {
  const path = pathOf(value);
  // The fleet fails once, and is gone then.
  if (type === 'xstate.error.actor.fleet') return path !== 'Offline.stopped';
  // Without a shard that is leaving, the limit has passed already or does nothing.
  return !type.startsWith('xstate.after.close.') || context.leaving.length > 0;
}

export const managerModel: ChildModel<typeof managerMachine> = {
  machine: managerMachine,
  input: { maxOpening: 2, timeouts: { handOverMs: 60_000, drainMs: 5_000, closeMs: 10_000 } },
  project,
  events: (snapshot) => [
    ...commands.filter((command) => isPossible(command, snapshot.context)),
    ...answers(pathOf(snapshot.value), snapshot.context),
    ...refs(snapshot.context).flatMap(({ set, id }) => reports.map((type) => ({ type, set, id }))),
    ...inside(snapshot).filter(({ type }) => canHappen(type, snapshot)),
  ],
  isTimer: (type) => type.startsWith('xstate.after.'),
};
