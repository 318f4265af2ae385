import { isNumberFrom, isWhole } from '../../util/predicates.js';
import type { ConnectionAction, Fault, HttpAction, Occasion } from './faults.js';

const connectionActions = [
  'closeWith',
  'ignoreClose',
  'invalidSession',
  'loseSession',
  'reconnect',
  'requestHeartbeat',
  'reset',
  'sendCorrupt',
  'sendText',
  'silence',
] as const;
const httpActions = ['hang', 'refuse', 'reset'] as const;

interface ActionValue {
  readonly isValid: (value: unknown) => boolean;
  /** The same in words. */
  readonly mustBe: string;
}

const onlyTrue: ActionValue = { isValid: (value) => value === true, mustBe: 'true' };

/** Value that each action may have. */
export const actionValues: Readonly<Record<string, ActionValue>> = {
  closeWith: { isValid: isCloseCode, mustBe: 'a code a close frame may carry: 1000 to 1014 or 3000 to 4999' },
  hang: onlyTrue,
  ignoreClose: onlyTrue,
  invalidSession: { isValid: (value) => typeof value === 'boolean', mustBe: 'true or false' },
  loseSession: onlyTrue,
  reconnect: onlyTrue,
  rateLimit: { isValid: (value) => isNumberFrom(0, value), mustBe: 'a number of seconds of at least 0' },
  refuse: { isValid: (value) => isWhole(value, 400, 599), mustBe: 'an HTTP status from 400 to 599' },
  requestHeartbeat: onlyTrue,
  reset: onlyTrue,
  sendCorrupt: onlyTrue,
  sendText: { isValid: (value) => typeof value === 'string', mustBe: 'a string' },
  silence: onlyTrue,
  skip: onlyTrue,
};

/** Actions that each occasion knows. */
export const actionsAt: Readonly<Record<Occasion, readonly string[]>> = {
  api: httpActions,
  upgrade: httpActions,
  hello: [...connectionActions, 'skip'],
  identify: [...connectionActions, 'skip'],
  resume: [...connectionActions, 'skip'],
  heartbeat: [...connectionActions, 'skip'],
  request: [...connectionActions, 'rateLimit', 'skip'],
  ready: [...connectionActions, 'skip'],
  resumed: [...connectionActions, 'skip'],
  dispatch: [...connectionActions, 'skip'],
  replay: [...connectionActions, 'skip'],
  close: ['reset', 'skip'],
};

export const connectionActionKeys: readonly string[] = connectionActions;

/** Returns the fault as an action on a connection, or null where it only skips or delays a frame. */
export function connectionActionOf(fault: Fault): ConnectionAction | null {
  return connectionActions.some((key) => key in fault) ? (fault as ConnectionAction) : null;
}

/** Returns the fault as an action on an HTTP request, or null where it only delays the answer. */
export function httpActionOf(fault: Fault): HttpAction | null {
  return httpActions.some((key) => key in fault) ? (fault as HttpAction) : null;
}

/** True for a code that a close frame may carry (RFC 6455, 7.4). */
export function isCloseCode(value: unknown): boolean {
  if (!Number.isInteger(value)) return false;
  const code = value as number;
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  );
}
