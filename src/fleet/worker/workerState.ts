import type { SnapshotFrom } from 'xstate';
import type { workerMachine } from '../../../machines/worker.js';

/** The state of a worker: `Serving` while it runs shards, `CutOff` while its lease may have ended. */
export type WorkerState =
  | 'Offline'
  | 'Joining'
  | 'Starting'
  | 'Serving'
  | 'StandingBy'
  | 'Draining'
  | 'Drained'
  | 'CutOff'
  | 'Fenced'
  | 'Leaving';

const DUTIES = {
  starting: 'Starting',
  serving: 'Serving',
  standingBy: 'StandingBy',
  draining: 'Draining',
  drained: 'Drained',
} as const;

export function stateOf(snapshot: SnapshotFrom<typeof workerMachine>): WorkerState {
  const { value } = snapshot;
  if (snapshot.status !== 'active' || typeof value === 'string')
    return value === 'Joining' || value === 'Fenced' ? value : 'Offline';
  if (!('Online' in value) || value.Online === undefined) return 'Offline';
  const { duty, lease } = value.Online as { duty: keyof typeof DUTIES | object; lease: string };
  if (typeof duty !== 'string') return 'Leaving';
  return lease === 'cutOff' ? 'CutOff' : DUTIES[duty];
}
