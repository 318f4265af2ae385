import { causes } from '../protocol/decision.js';
import type { TransitionRecord } from './events.js';

/** Failed connections in a row from which on each further one is a warning. */
export const MANY_FAILURES = 3;

/**
 * Level of a step's log line. A reconnect is part of a shard's life: it is a warning only where the connection was a zombie,
 * a session was lost, the gateway refused the shard for good, or many connections failed in a row.
 */
export function levelOf({ decision, session }: TransitionRecord, sessionBefore: TransitionRecord['session']) {
  if (decision === null) return 'info';
  const { action, reason, attempt } = decision;
  if (reason === causes.reinstantiateRequested.reason) return 'info';
  const isLost = action === 'identify' && sessionBefore !== null && session === null;
  const isFailing = (action === 'resume' || action === 'identify') && attempt > MANY_FAILURES;
  return action === 'fatal' || isLost || isFailing || reason === causes.zombie.reason ? 'warn' : 'info';
}
