import { isNumberFrom, isWhole } from '../../util/predicates.js';
import { MAX_CLOSE_REASON_BYTES } from '../../protocol/limits.js';
import { SimulatorError } from '../error.js';
import { actionsAt, actionValues, connectionActionKeys } from './faultActions.js';
import type { ConnectionAction, Fault, FaultAt, Occasion } from './faults.js';

/** Who an occasion concerns. */
export interface Place {
  readonly shardId: number | null;
  readonly url: 'gateway' | 'resume' | null;
}

interface Pending {
  readonly fault: Fault;
  times: number;
  after: number;
}

/** The faults that are still to come, by occasion, in the order they were given. */
export class FaultQueue {
  readonly #pending = new Map<Occasion, Pending[]>();

  /**
   * Adds a fault; the function it returns takes it back.
   *
   * @throws {@link SimulatorError} `INVALID_FAULT`.
   */
  add(fault: Fault): () => void {
    checkFault(fault);
    const pending = { fault, times: fault.times ?? 1, after: fault.after ?? 0 };
    const list = this.#pending.get(fault.at);
    if (list === undefined) this.#pending.set(fault.at, [pending]);
    else list.push(pending);
    return () => this.#remove(pending);
  }

  /** The fault that strikes on this occasion; it is counted off. */
  take<O extends Occasion>(at: O, place: Place): FaultAt<O> | null {
    const list = this.#pending.get(at);
    if (list === undefined) return null;
    for (const pending of list) {
      if (!strikes(pending.fault, place)) continue;
      if (pending.after > 0) {
        pending.after--;
        continue;
      }
      if (--pending.times === 0) this.#remove(pending);
      return pending.fault as FaultAt<O>;
    }
    return null;
  }

  list(): Fault[] {
    return [...this.#pending.values()].flat().map(({ fault }) => fault);
  }

  clear(): void {
    this.#pending.clear();
  }

  #remove(pending: Pending): void {
    const { at } = pending.fault;
    const rest = this.#pending.get(at)?.filter((other) => other !== pending) ?? [];
    if (rest.length === 0) this.#pending.delete(at);
    else this.#pending.set(at, rest);
  }
}

function strikes(fault: Fault, place: Place): boolean {
  const { shardId, url } = fault as { shardId?: number; url?: string };
  return (shardId === undefined || shardId === place.shardId) && (url === undefined || url === place.url);
}

/**
 * Refuses an action that names none or several things to do, or one with an impossible value.
 *
 * @throws {@link SimulatorError} `INVALID_FAULT`.
 */
export function checkAction(action: ConnectionAction): void {
  checkKeys(action, connectionActionKeys, ['reason'], 'an action', false);
}

function checkFault(fault: Fault): void {
  if (typeof fault !== 'object' || fault === null || !Object.hasOwn(actionsAt, fault.at)) {
    throw invalid(`A fault needs \`at\`, one of ${Object.keys(actionsAt).join(', ')}.`, fault);
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
    throw invalid('`times` is a whole number from 1 on, or Infinity.', fault);
  if (!isWhole(after)) throw invalid('`after` is a whole number from 0 on.', fault);
  if (!isNumberFrom(0, delay)) throw invalid('`delay` is a number of milliseconds from 0 on.', fault);
  if (!isNumberFrom(0, retryAfter)) throw invalid('`retryAfter` is a number of seconds from 0 on.', fault);
  if (!isWhole(shardId)) throw invalid('`shardId` is a whole number from 0 on.', fault);
  if (url !== 'gateway' && url !== 'resume') throw invalid("`url` is 'gateway' or 'resume'.", fault);
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
    throw invalid(`\`${unknown}\` means nothing in ${what}: it knows ${actions.join(', ')}.`, value);
  const named = keys.filter((key) => actions.includes(key));
  if (named.length > 1 || (named.length === 0 && !mayDoNothing)) {
    throw invalid(`Name one thing to do in ${what}: ${actions.join(', ')}.`, value);
  }
  const [key] = named;
  const properties = value as Record<string, unknown>;
  if (key !== undefined && actionValues[key]?.(properties[key]) !== true) {
    throw invalid(`\`${key}\` cannot be ${JSON.stringify(properties[key])} in ${what}.`, value);
  }
  const { reason = '' } = properties;
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw invalid(`\`reason\` is a text of at most ${MAX_CLOSE_REASON_BYTES} bytes.`, value);
  }
}

function invalid(message: string, value: unknown): SimulatorError {
  return new SimulatorError('INVALID_FAULT', message, value);
}
