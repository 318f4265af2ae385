import { refuse } from '../../util/options.js';
import { ShardError } from '../../util/errors.js';
import { MAX_DELAY_MS } from '../../protocol/limits.js';
import { isSnowflake } from '../../protocol/sharding.js';

/** Refuses a payload that the gateway would not answer, or close the connection for (4002). `wrong` says what is. */
export function refusePayload(what: string, wrong: string | false, value: unknown): void {
  if (wrong !== false) throw new ShardError('INVALID_PAYLOAD', `The ${what} is wrong: ${wrong}.`, { value });
}

export function checkTimeout(timeout: unknown): asserts timeout is number {
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= MAX_DELAY_MS)) {
    refuse('timeout', timeout, `milliseconds, above 0 and at most ${MAX_DELAY_MS}`);
  }
}

/** Whether it is a whole list of snowflakes, which is never empty. */
export function isSnowflakes(value: unknown, max = Infinity): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= max && value.every(isSnowflake);
}
