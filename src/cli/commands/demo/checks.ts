import type { Lifecycle } from '../../../../machines/lifecycle.js';
import type { Action, Decision } from '../../../protocol/decision.js';
import type { Balance } from './ledger.js';

/** Result of one expectation. */
export interface Check {
  readonly passed: boolean;
  /** The expectation where it was met; otherwise what was expected and what was found. */
  readonly text: string;
}

/** End of a connection as the gateway saw it; `code` is null without a close frame. */
export interface WireEnd {
  readonly by: 'client' | 'gateway';
  readonly code: number | null;
}

/** Expectations of a chapter. */
export interface Expectation {
  /** Lifecycle states that the shard enters, in order. */
  readonly path: readonly Lifecycle[];
  readonly action: Action;
  /** Wait before the next connection in milliseconds. */
  readonly delay: readonly [min: number, max: number];
  readonly wire: WireEnd;
  readonly session: 'same' | 'new' | 'gone';
  readonly identifies: number;
  /** Least number of missed events that the resume must replay. */
  readonly replayed?: number;
}

/** Behaviour of the shard in a chapter, partly as the gateway saw it. */
export interface Observation {
  readonly path: readonly Lifecycle[];
  /** The first decision of the chapter. */
  readonly decision: Decision | null;
  readonly wire: WireEnd | null;
  readonly sessionBefore: string | null;
  readonly sessionAfter: string | null;
  readonly identifies: number;
  readonly replayed: number;
}

/** Compares a chapter's expectations with what happened. */
export function checkChapter(expected: Expectation, found: Observation): Check[] {
  const [min, max] = expected.delay;
  const { decision } = found;
  const delay = decision?.delay ?? -1;
  const actionText = showAction(expected.action, expected.delay);
  return [
    same('states as expected', expected.path.join(' -> '), found.path.join(' -> ')),
    {
      passed: decision?.action === expected.action && delay >= min && delay <= max,
      text:
        decision?.action === expected.action && delay >= min && delay <= max
          ? showAction(decision.action, [delay, delay])
          : `expected: ${actionText}; found: ${decision === null ? 'no decision' : `${decision.action} in ${delay} ms`}`,
    },
    same(showWire(expected.wire), showWire(expected.wire), showWire(found.wire)),
    same(showSession(expected.session), showSession(expected.session), showSession(sessionChange(found))),
    same(showIdentifies(expected.identifies), showIdentifies(expected.identifies), showIdentifies(found.identifies)),
    ...(expected.replayed === undefined ? [] : [replays(expected.replayed, found.replayed)]),
  ];
}

/** Checks that no message was lost or doubled, and that the gateway saw no rule broken. */
export function checkBalance(balance: Balance, violations: readonly { readonly rule: string }[]): Check[] {
  return [
    {
      passed: balance.owed > 0 && balance.lost === 0 && balance.doubled === 0 && balance.misplaced === 0,
      text:
        `each of ${balance.owed} messages expected once and in order: ` +
        `${balance.lost} lost, ${balance.doubled} doubled, ${balance.misplaced} out of place ` +
        `(${balance.unowed} more were sent while there was no session)`,
    },
    {
      passed: violations.length === 0,
      text: `rules broken, as counted by the gateway: ${[violations.length, ...violations.map(({ rule }) => rule)].join(', ')}`,
    },
  ];
}

/** A check that two texts are equal. */
export function same(text: string, expected: string, found: string): Check {
  const passed = expected === found;
  return { passed, text: passed ? text : `expected: ${expected}; found: ${found}` };
}

function replays(atLeast: number, found: number): Check {
  const passed = found >= atLeast;
  return {
    passed,
    text: passed
      ? `${found} missed events replayed`
      : `expected: at least ${atLeast} missed events replayed; found: ${found}`,
  };
}

function sessionChange({ sessionBefore, sessionAfter }: Observation): Expectation['session'] {
  if (sessionAfter === null) return 'gone';
  return sessionAfter === sessionBefore ? 'same' : 'new';
}

function showSession(session: Expectation['session']): string {
  return { same: 'same session', new: 'a new session', gone: 'no session left' }[session];
}

function showWire(end: WireEnd | null): string {
  if (end === null) return 'connection still open';
  return end.code === null ? 'no close frame on the wire' : `${end.by} closed with ${end.code}`;
}

function showIdentifies(count: number): string {
  return count === 0 ? 'no identify spent' : `${count} identify spent`;
}

function showAction(action: Action, [min, max]: readonly [number, number]): string {
  if (action === 'fatal') return 'no reconnect';
  if (max === 0) return `${action} at once`;
  return min === max ? `${action} after ${min} ms` : `${action} after ${min} to ${max} ms`;
}
