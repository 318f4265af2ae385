import { checkListener, shardEventNames } from '../shard/eventNames.js';
import type { FleetEvents, ManagerOnlyEvents } from './events.js';

const own = {
  connect: true,
  close: true,
  error: true,
  event: true,
  shard: true,
  exhausted: true,
  renewed: true,
} as const satisfies Record<keyof ManagerOnlyEvents | keyof FleetEvents, true>;

export const managerEventNames: readonly string[] = [...Object.keys(own), ...shardEventNames];

/** @throws ShardError `INVALID_OPTION` for a name that no event of a manager has, and for a listener that is not a function */
export function checkManagerListener(name: unknown, listener: unknown): void {
  checkListener(name, listener, managerEventNames);
}
