import { inspect } from 'node:util';
import { ShardError } from './errors.js';

/** An option refused, by name, with what it was (objects to this depth) and what it must be. */
export function invalidOption(name: string, value: unknown, wanted: string, depth = 1): ShardError {
  const shown = inspect(value, { depth, breakLength: Infinity, maxStringLength: 100 });
  return new ShardError('INVALID_OPTION', `\`${name}\` must be ${wanted}; got ${shown}.`, { value });
}

/** An interface of the user's: better refused at once than found to have a hole at three in the morning. */
export function checkMethods(name: string, value: unknown, methods: readonly string[], depth = 1): void {
  if (value === undefined) return;
  const missing = methods.filter((method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function');
  if (missing.length > 0) throw invalidOption(name, value, `an object with the methods ${methods.join(', ')}`, depth);
}
