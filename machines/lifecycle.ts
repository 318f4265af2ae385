import type { SnapshotFrom } from 'xstate';
import type { shardMachine } from './shard.js';

/** The six states of a shard's life, by the names the documentation and the pictures use. */
export type Lifecycle = 'Offline' | 'Connecting' | 'Identifying' | 'Resuming' | 'Connected' | 'Disconnected';

/** All of them, in the order of a life; compiles only while it names each. */
export const lifecycles = Object.keys({
  Offline: true,
  Connecting: true,
  Identifying: true,
  Resuming: true,
  Connected: true,
  Disconnected: true,
} satisfies Record<Lifecycle, true>) as readonly Lifecycle[];

export type ShardSnapshot = SnapshotFrom<typeof shardMachine>;

/**
 * The lifecycle state a snapshot of the shard's chart is in.
 *
 * A connection that is being closed counts as Disconnected: nothing of it is wanted any more.
 */
export function lifecycleOf(snapshot: ShardSnapshot): Lifecycle {
  if (snapshot.status !== 'active' || snapshot.matches('Offline')) return 'Offline';
  if (snapshot.matches('awaitingSession') || snapshot.matches({ Online: { link: 'Connecting' } })) return 'Connecting';
  if (snapshot.matches({ Online: { link: { session: 'Identifying' } } })) return 'Identifying';
  if (snapshot.matches({ Online: { link: { session: 'Resuming' } } })) return 'Resuming';
  if (snapshot.matches({ Online: { link: { session: 'Connected' } } })) return 'Connected';
  return 'Disconnected';
}
