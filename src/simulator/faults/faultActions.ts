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

/** Every action's key, with what its value must be. */
export const actionValues: Readonly<Record<string, (value: unknown) => boolean>> = {
  closeWith: isCloseCode,
  hang: isTrue,
  ignoreClose: isTrue,
  invalidSession: (value) => typeof value === 'boolean',
  loseSession: isTrue,
  reconnect: isTrue,
  rateLimit: (value) => isNumberFrom(0, value),
  refuse: (value) => isWhole(value, 400, 599),
  requestHeartbeat: isTrue,
  reset: isTrue,
  sendCorrupt: isTrue,
  sendText: (value) => typeof value === 'string',
  silence: isTrue,
  skip: isTrue,
};

/** The actions each occasion knows. */
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

/** What a fault does to a connection, or null where it only skips or delays. */
export function connectionActionOf(fault: Fault): ConnectionAction | null {
  return connectionActions.some((key) => key in fault) ? (fault as ConnectionAction) : null;
}

/** What a fault does to an HTTP request, or null where it only delays. */
export function httpActionOf(fault: Fault): HttpAction | null {
  return httpActions.some((key) => key in fault) ? (fault as HttpAction) : null;
}

/** Whether a close frame may carry this code at all (RFC 6455, 7.4). */
export function isCloseCode(value: unknown): boolean {
  if (!Number.isInteger(value)) return false;
  const code = value as number;
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  );
}

function isTrue(value: unknown): boolean {
  return value === true;
}
