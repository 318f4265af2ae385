import { ownershipMachine, type OwnershipEvent } from '../../machines/index.js';
import type { ChildModel } from './checkChild.js';
import { inside } from './explore.js';
import { pathOf } from './observer.js';

/** Everything the outside can say to the ownership of a shard. */
const outside: readonly OwnershipEvent[] = [
  { type: 'lease.confirmed', epoch: 1 },
  { type: 'lease.confirmed', epoch: 2 },
  { type: 'lease.cut' },
  { type: 'lease.lost' },
  { type: 'shard.up' },
  { type: 'shard.left' },
  { type: 'shard.refused' },
  { type: 'shard.closed' },
  { type: 'shard.missed' },
  { type: 'shard.give' },
  { type: 'shard.released' },
];

export const ownershipModel: ChildModel<typeof ownershipMachine> = {
  machine: ownershipMachine,
  input: { key: '1:5', epoch: 1, limitMs: 5_000 },
  project: ({ value, context: { epoch } }) => `${pathOf(value)}, epoch ${epoch}`,
  events: (snapshot) => (snapshot.status === 'active' ? [...outside, ...inside(snapshot)] : []),
  isTimer: (type) => type.startsWith('xstate.after.'),
};
