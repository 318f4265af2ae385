import { inspect } from 'node:util';
import { ShardError } from './errors.js';
import { isSecret, redactor } from './redactor.js';

/** Values that cannot have the token in them. */
const PLAIN: ReadonlySet<string> = new Set(['undefined', 'number', 'boolean']);

/** Runs a check. An error of it never shows the token: it may stand where another value belongs. */
export function hidingToken<T>(token: unknown, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw withoutToken(token, error);
  }
}

/** The error itself, or one with the same code without its value and cause where they show the token. */
export function withoutToken(token: unknown, error: unknown): unknown {
  if (!(error instanceof ShardError) || typeof token !== 'string' || !isSecret(token)) return error;
  const isPlain = PLAIN.has(typeof error.value) && error.cause === undefined;
  const shown = isPlain
    ? error.message
    : inspect(error, { depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity });
  return shown.includes(token) ? new ShardError(error.code, redactor(token)(error.message)) : error;
}
