import type { SnapshotFrom } from 'xstate';
import { workerMachine, type WorkerEvent } from '../../machines/index.js';
import type { ChildModel } from './checkChild.js';
import { inside } from './explore.js';
import { pathOf } from './observer.js';

/** Two shards; more are in test/machines/worker.test.ts. */
const keys = ['1:0', '1:1'] as const;

const answer = (owned: readonly string[], give: readonly string[] = [], mayClaim = true): WorkerEvent => ({
  type: 'lease.answered',
  owned: owned.map((key) => ({ key, epoch: 3 })),
  give,
  mayClaim,
});

/** Everything the outside can say to a worker. */
const outside: readonly WorkerEvent[] = [
  { type: 'connect' },
  { type: 'drain' },
  { type: 'shutdown' },
  { type: 'worker.joined' },
  { type: 'worker.refused' },
  { type: 'worker.left' },
  { type: 'lease.cut' },
  { type: 'lease.taken' },
  answer([]),
  answer([], [], false),
  answer(['1:0'], [], false),
  answer(['1:0']),
  answer(['1:0', '1:1']),
  answer(['1:0', '1:1'], ['1:1']),
  ...keys.flatMap((key): WorkerEvent[] => [
    { type: 'shard.up', key },
    { type: 'shard.gone', key },
    { type: 'shard.refused', key },
  ]),
];

/** The actor of the shards fails once, and is gone then. */
const canHappen = (type: string, { value }: SnapshotFrom<typeof workerMachine>) =>
  type !== 'xstate.error.actor.shards' || pathOf(value) !== 'Offline.stopped';

export const workerModel: ChildModel<typeof workerMachine> = {
  machine: workerMachine,
  input: { leaveMs: 5_000 },
  project: ({ value, context: { held, rising } }) =>
    [pathOf(value), `holds ${held.join(' ')}`, `rising ${rising.join(' ')}`].join(', '),
  events: (snapshot) => [...outside, ...inside(snapshot).filter(({ type }) => canHappen(type, snapshot))],
  isTimer: (type) => type.startsWith('xstate.after.'),
};
