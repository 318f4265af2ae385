import type { GatewaySimulator } from '../simulator/index.js';
import { namedFaults } from '../simulator/faults/namedFaults.js';
import { messageOf } from '../util/messageOf.js';

/** Fault names that a line may begin with; `close` takes a close code. */
export const faultNames: readonly string[] = [...Object.keys(namedFaults), 'close CODE'];

/**
 * Runs the fault that a line names: `drop`, `zombie 1`, `close 4014 0`.
 *
 * @returns the reason why nothing happened, for people; null when the fault met a connection, and for an empty line.
 */
export function applyFault(simulator: Pick<GatewaySimulator, 'apply'>, line: string): string | null {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (name === '') return null;
  const action =
    name === 'close'
      ? { closeWith: Number(words.shift()) }
      : Object.hasOwn(namedFaults, name)
        ? namedFaults[name]
        : undefined;
  if (action === undefined) return `There is no fault "${name}". Use ${faultNames.join(', ')}.`;
  const shardId = words[0] === undefined ? undefined : Number(words[0]);
  if (shardId !== undefined && !Number.isInteger(shardId))
    return `"${words[0]}" is not a shard id. Use a number, as in "${name} 1".`;
  try {
    const met = simulator.apply(action, shardId);
    return met === 0 ? `${name}: there is no connection to apply it to` : null;
  } catch (error) {
    return messageOf(error);
  }
}
