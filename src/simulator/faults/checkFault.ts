import { MAX_CLOSE_REASON_BYTES } from '../../protocol/limits.js';
import { isNumberFrom, isWhole } from '../../util/predicates.js';
import { SimulatorError } from '../simulatorError.js';
import { actionsAt, actionValues, connectionActionKeys } from './faultActions.js';
import type { ConnectionAction, Fault } from './faults.js';

/**
 * Checks an action.
 *
 * @throws {@link SimulatorError} `INVALID_FAULT` where it names no action, several, or one with a wrong value.
 */
export function checkAction(action: ConnectionAction): void {
  checkKeys(action, connectionActionKeys, ['reason'], 'an action', false);
}

/**
 * Checks a fault.
 *
 * @throws {@link SimulatorError} `INVALID_FAULT` where the occasion is unknown, or does not know the action or one of the fields.
 */
export function checkFault(fault: Fault): void {
  if (typeof fault !== 'object' || fault === null || !Object.hasOwn(actionsAt, fault.at)) {
    throw invalid(`A fault must have \`at\`, one of ${Object.keys(actionsAt).join(', ')}.`, fault);
  }
  const where = fault.at === 'api' ? [] : fault.at === 'upgrade' || fault.at === 'hello' ? ['url'] : ['url', 'shardId'];
  const extras = ['at', 'times', 'after', 'delay', 'reason', 'retryAfter', ...where];
  checkKeys(fault, actionsAt[fault.at], extras, `a fault at '${fault.at}'`, fault.delay !== undefined);
  const { times = 1, after = 0, delay = 0 } = fault;
  const {
    retryAfter = 0,
    shardId = 0,
    url = 'gateway',
  } = fault as { retryAfter?: unknown; shardId?: unknown; url?: unknown };
  if (times !== Infinity && !isWhole(times, 1))
    throw invalid('`times` must be a whole number of at least 1, or Infinity.', fault);
  if (!isWhole(after, 0)) throw invalid('`after` must be a whole number of at least 0.', fault);
  if (!isNumberFrom(0, delay)) throw invalid('`delay` must be a number of milliseconds of at least 0.', fault);
  if (!isNumberFrom(0, retryAfter)) throw invalid('`retryAfter` must be a number of seconds of at least 0.', fault);
  if (!isWhole(shardId, 0)) throw invalid('`shardId` must be a whole number of at least 0.', fault);
  if (url !== 'gateway' && url !== 'resume') throw invalid("`url` must be 'gateway' or 'resume'.", fault);
}

function checkKeys(
  value: object,
  actions: readonly string[],
  extras: readonly string[],
  what: string,
  mayDoNothing: boolean,
): void {
  const keys = Object.keys(value);
  const unknown = keys.find((key) => !actions.includes(key) && !extras.includes(key));
  if (unknown !== undefined)
    throw invalid(`${capital(what)} does not know \`${unknown}\`. Use one of ${actions.join(', ')}.`, value);
  const named = keys.filter((key) => actions.includes(key));
  if (named.length > 1 || (named.length === 0 && !mayDoNothing)) {
    throw invalid(`${capital(what)} must name exactly one of ${actions.join(', ')}.`, value);
  }
  const [key] = named;
  const properties = value as Record<string, unknown>;
  if (key !== undefined && actionValues[key]?.isValid(properties[key]) !== true) {
    throw invalid(
      `\`${key}\` in ${what} cannot be ${JSON.stringify(properties[key])}. It must be ${actionValues[key]?.mustBe}.`,
      value,
    );
  }
  const { reason = '' } = properties;
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw invalid(
      `\`reason\` must be a string of at most ${MAX_CLOSE_REASON_BYTES} bytes. A close frame has no room for more.`,
      value,
    );
  }
}

function invalid(message: string, value: unknown): SimulatorError {
  return new SimulatorError('INVALID_FAULT', message, value);
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
