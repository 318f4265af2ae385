import type { SnapshotFrom } from 'xstate';
import {
  managerMachine,
  type ManagerContext,
  type ManagerEvent,
  type Prepared,
  type ShardRef,
} from '../../machines/index.js';
import type { ChildModel } from './checkChild.js';
import { inside } from './explore.js';
import { pathOf } from './observer.js';

type ManagerSnapshot = SnapshotFrom<typeof managerMachine>;

const way = { code: 1000, reason: 'asked' };

/** Two shards of one key, and beside them one; what more shards and keys do is in test/machines/manager.test.ts. */
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

/** The answers that make a difference, where anybody has asked. */
function answers(path: string, { service }: ManagerContext): ManagerEvent[] {
  if (path === 'Preparing') return [prepared({}), prepared({ resumable: [1] }), { type: 'manager.unprepared' }];
  if (path !== 'Online.Resharding.preparing') return [prepared({}), { type: 'manager.unprepared' }];
  const ids = service?.ids.length === 1 ? [0, 1] : [0];
  const other = { total: ids.length, ids };
  return [
    prepared(other),
    prepared({ ...other, identifiesLeft: ids.length }),
    prepared({ ...other, identifiesLeft: ids.length - 1 }),
    prepared({ ...other, identifiesLeft: ids.length - 1, resumable: [0] }),
    { type: 'manager.unprepared' },
  ];
}

/** Everybody the manager knows of, and two it does not. */
function refs({ service, beside, closing, lastSet }: ManagerContext): ShardRef[] {
  const known = [service, beside].flatMap((set) => set?.ids.map((id) => ({ set: set.number, id })) ?? []);
  const going = closing.filter(({ set, id }) => known.every((ref) => ref.set !== set || ref.id !== id));
  return [...known, ...going, { set: lastSet, id: 9 }, { set: 0, id: 0 }];
}

/** Which lists say what a manager does next; numbers of sets only grow, so they are told by what the set is for. */
function project({ value, context }: ManagerSnapshot): string {
  const { service, beside, restart } = context;
  const path = pathOf(value);
  const numbers = new Map([
    [service?.number, 'serving'],
    [beside?.number, 'beside'],
  ]);
  const say = (name: keyof ManagerContext) => {
    const refs = context[name] as readonly (ShardRef & { readonly resumes?: boolean })[];
    const words = refs.map(
      ({ set, id, resumes }) => `${numbers.get(set) ?? 'old'} ${id}${resumes === true ? '!' : ''}`,
    );
    return words.length === 0 ? [] : [`${name} ${words.toSorted().join(' ')}`];
  };
  const sets = [service, beside].map((set) => (set === null ? 'none' : `${set.ids.join(' ')} of ${set.total}`));
  const matters = /Scaling|abandoning|failing/.test(path);
  return [
    path,
    sets.join(' beside '),
    ...(['waiting', 'opening', 'rising', 'closing', 'due'] as const).flatMap(say),
    // Whoever is late to tell that it is down changes nothing any more.
    ...(path.startsWith('Closing') ? [] : (['away', 'down'] as const).flatMap(say)),
    ...(matters ? say('failed') : []),
    ...(path === 'Online.Running' && context.failed.length > 0 ? ['after a failure'] : []),
    ...(path === 'Online.Restarting' ? [JSON.stringify(restart)] : []),
  ].join(', ');
}

/** The face refuses ids beyond the total. */
const isPossible = (command: ManagerEvent, { service }: ManagerContext) =>
  command.type !== 'scale' || command.ids.every((id) => id < (service?.total ?? 1));

function canHappen(type: string, { value, context }: ManagerSnapshot): boolean {
  const path = pathOf(value);
  // Its fleet fails once and is gone.
  if (type === 'xstate.error.actor.fleet') return path !== 'Offline.stopped';
  // The limit has passed when nobody is going any more, or has nobody to pass for.
  return !type.startsWith('xstate.after.close.') || context.closing.length > 0;
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
