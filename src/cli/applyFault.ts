import type { GatewaySimulator } from '../simulator/index.js';
import { namedFaults } from '../simulator/faults/namedFaults.js';

/** What can be typed; `close` takes a code. */
export const faultNames: readonly string[] = [...Object.keys(namedFaults), 'close CODE'];

/**
 * Commits the fault a line names: `drop`, `zombie 1`, `close 4014 0`.
 *
 * @returns what is wrong with the line, or whom the fault met; null for an empty line.
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
  if (action === undefined) return `There is no fault "${name}". There are ${faultNames.join(', ')}.`;
  const shardId = words[0] === undefined ? undefined : Number(words[0]);
  if (shardId !== undefined && !Number.isInteger(shardId)) return `"${words[0]}" is no shard id.`;
  try {
    const met = simulator.apply(action, shardId);
    return met === 0 ? `${name}: nobody is there to meet it` : null;
  } catch (error) {
    return (error as Error).message;
  }
}
