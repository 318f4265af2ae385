import { managerEventNames } from '../manager/eventNames.js';
import type { ManagerEvents } from '../manager/events.js';
import { checkListener } from '../shard/eventNames.js';

/** Events that a fleet has besides those of a manager. */
export interface OwnershipEvents {
  /** This worker runs the shard from now on; `resumable` tells whether it has a session to resume. */
  claimed: { readonly resumable: boolean };
  /** This worker no longer runs the shard: it gave it away (`given`), or another worker has it (`taken`). */
  lost: { readonly reason: 'given' | 'taken' };
  /** Events of the shard that no RESUME has brought: those between the sequences `from` and `to` are in no stream. */
  gap: { readonly from: number; readonly to: number };
}

/** Every event of `fleet.on`. */
export type FleetWorkerEvents = ManagerEvents & OwnershipEvents;

const ownNames = Object.keys({ claimed: true, lost: true, gap: true } satisfies Record<keyof OwnershipEvents, true>);

/** True for an event that no shard and no manager has. */
export const isOwnershipEvent = (name: string): boolean => ownNames.includes(name);

const names: readonly string[] = [...ownNames, ...managerEventNames];

/** @throws ShardError `INVALID_OPTION` for a name that no event of a fleet has, and for a listener that is not a function */
export function checkFleetListener(name: unknown, listener: unknown): void {
  checkListener(name, listener, names);
}
