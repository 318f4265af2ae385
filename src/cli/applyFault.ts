import type { GatewaySimulator } from '../simulator/index.js';
import { namedFaults } from '../simulator/faults/namedFaults.js';
import { messageOf } from '../util/messageOf.js';

/** Fault names that a line may begin with; `close` takes a close code. */
export const faultNames: readonly string[] = [...Object.keys(namedFaults), 'close CODE'];

/** Answer to `help`. */
const help =
  `Faults: ${faultNames.join(', ')}. A shard id after a fault applies it to that shard only: ` +
  '"drop 0", "close 4000 0". Ctrl+C stops the simulator.';

/**
 * Runs the fault that a line names: `drop`, `zombie 1`, `close 4014 0`.
 *
 * @returns the reason why nothing happened, for people; null when the fault met a connection, and for an empty line.
 */
export function applyFault(simulator: Pick<GatewaySimulator, 'apply'>, line: string): string | null {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (name === '') return null;
  if (name === 'help' || name === '?') return help;
  if (name === 'close' && !isCloseCode(words[0]))
    return '"close" needs a close code from 1000 to 4999, as in "close 4000", or "close 4000 0" for shard 0.';
  const action =
    name === 'close'
      ? { closeWith: Number(words.shift()) }
      : Object.hasOwn(namedFaults, name)
        ? namedFaults[name]
        : undefined;
  if (action === undefined) return `There is no fault "${name}". Use ${faultNames.join(', ')}, or help.`;
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

const isCloseCode = (word: string | undefined): boolean => word !== undefined && /^[1-4]\d{3}$/.test(word);
