import type { ConnectionAction, GatewaySimulator } from '../simulator/index.js';

const faults: Readonly<Record<string, ConnectionAction>> = {
  drop: { reset: true },
  zombie: { silence: true },
  op1: { requestHeartbeat: true },
  op7: { reconnect: true },
  op9: { invalidSession: true },
  'op9!': { invalidSession: false },
  corrupt: { sendCorrupt: true },
  lose: { loseSession: true },
};

/** What can be typed; `close` takes a code. */
export const faultNames: readonly string[] = [...Object.keys(faults), 'close CODE'];

/**
 * Commits the fault a line names: `drop`, `zombie 1`, `close 4014 0`.
 *
 * @returns what is wrong with the line, or whom the fault met; null for an empty line.
 */
export function applyFault(simulator: Pick<GatewaySimulator, 'apply'>, line: string): string | null {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (name === '') return null;
  const action =
    name === 'close' ? { closeWith: Number(words.shift()) } : Object.hasOwn(faults, name) ? faults[name] : undefined;
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
