import { backoffMs, clampDelayMs, type BackoffBounds } from './backoff.js';
import { closeCodeRow, RESUMABLE_CLOSE } from './closeCodes.js';
import {
  FREE_IDENTIFIES,
  IDENTIFY_PACE_MS,
  INVALID_SESSION_WAIT_MS,
  MAX_RETRY_AFTER_MS,
  RESUME_WAIT_MS,
  SPREAD,
} from './limits.js';
import { nextRandom } from './random.js';
import { targetOf, type TargetFacts } from './resumeTarget.js';

/** The shard's next step. `close` stays down because the user asked for it, `fatal` because trying again cannot help. */
export type Action = 'resume' | 'identify' | 'fatal' | 'close';

/** Reason why a shard left a connection, and what follows: the part of a transition record that answers "why". */
export interface Decision {
  readonly action: Action;
  /** The close code received, or the one we close with; null where no code was involved. */
  readonly code: number | null;
  /** One line for a human, stable enough to group by. */
  readonly reason: string;
  /** Which connection in a row this leads to, counted since the last stable one; 1 is the first. */
  readonly attempt: number;
  /** Milliseconds until that connection. */
  readonly delay: number;
}

/** Something that ends a connection. */
export interface Cause {
  readonly action: Action;
  readonly code: number | null;
  readonly reason: string;
  /** Never at once: wait at least the initial back-off, even after a stable connection. */
  readonly backoff?: boolean;
  /** Comes back even with autoReconnect off: no connection was lost, or it was asked for. */
  readonly persists?: boolean;
  /** Wait at least the random 1-5 s that follow op 9 false. */
  readonly invalidSession?: boolean;
  /** Wait at least this long: what Retry-After asks for. */
  readonly minDelayMs?: number;
}

/** Beginning of the reason where a connection never opened. */
export const NO_CONNECTION = 'no connection';

const drop = (reason: string): Cause => ({ action: 'resume', code: RESUMABLE_CLOSE, reason });

/** Everything that makes a shard drop a connection of its own accord. Close codes have their own table. */
export const causes = {
  zombie: drop('zombie: no heartbeat ack between two beats'),
  heartbeatFailed: drop('heartbeat actor failed'),
  handshakeTimeout: drop('handshake timed out'),
  helloTimeout: drop('no HELLO in time'),
  readyTimeout: drop('no READY in time'),
  readyNever: drop('no READY, though the connection is alive'),
  quiet: drop('no event for as long as `quiet.after`'),
  resumedTimeout: drop('no RESUMED in time'),
  replayTimeout: drop('no RESUMED, though dispatches came'),
  corrupted: drop('compressed stream corrupted'),
  reconnect: drop('gateway asked to reconnect (op 7)'),
  invalidSessionResumable: drop('session invalidated, resumable (op 9 true)'),
  invalidSession: {
    action: 'identify',
    code: RESUMABLE_CLOSE,
    reason: 'session invalidated (op 9 false)',
    invalidSession: true,
  },
  socketFailed: { action: 'resume', code: 1006, reason: 'socket actor failed' },
  slotFailed: { action: 'identify', code: null, reason: 'identify limiter failed', backoff: true, persists: true },
  slotExpired: { action: 'identify', code: null, reason: 'identify grant ran out', backoff: true, persists: true },
  bucketFailed: { action: 'fatal', code: null, reason: 'send bucket failed: a bug in shardchart, please report it' },
  noSession: { action: 'close', code: null, reason: 'no session to resume' },
  connectRequested: { action: 'resume', code: null, reason: 'connect requested', persists: true },
  reconnectRequested: { ...drop('reconnect requested'), persists: true },
  reinstantiateRequested: {
    action: 'identify',
    code: RESUMABLE_CLOSE,
    reason: 'new session requested',
    persists: true,
  },
} as const satisfies Record<string, Cause>;

/** End of a connection. */
export interface ConnectionEnd {
  /** Code of the gateway's close frame; 1006 where none came. */
  readonly code: number;
  /** Reason in the close frame, or the network's error. */
  readonly reason: string;
  readonly retryAfterMs: number | null;
  /** False where the WebSocket never opened. Left out where it did, and in audit logs of shardchart before this field. */
  readonly opened?: false;
}

/** Returns the cause that the end of a connection is. */
export function closedByGateway({ code, reason, retryAfterMs, opened }: ConnectionEnd): Cause {
  const row = closeCodeRow(code);
  // Discord often says no more than the code's name.
  const said = reason === '' || reason.toLowerCase().replace(/\.$/, '') === row.name ? '' : `: ${reason}`;
  return {
    action: row.action,
    code,
    reason: `${opened === false ? NO_CONNECTION : `${code} ${row.name}`}${said}`,
    ...(row.backoff === true && { backoff: true }),
    ...(retryAfterMs !== null && { minDelayMs: retryAfterMs }),
  };
}

/** Facts that a decision depends on besides its cause. */
export interface DecisionFacts extends TargetFacts {
  readonly autoReconnect: boolean;
  readonly backoff: BackoffBounds;
  /** Connections since the last stable one, this one included. */
  readonly attempts: number;
  /** IDENTIFYs since the last stable connection. */
  readonly identifies: number;
  readonly seed: number;
}

/** From the second failure on the back-off has a floor. */
const FLOORED = 2;

const between = ({ min, max }: { min: number; max: number }, random: number) => Math.round(min + random * (max - min));

/** Turns a cause into a decision. The seed moves on, so that the next jitter is another. */
export function decide(facts: DecisionFacts, cause: Cause): { lastDecision: Decision; seed: number } {
  const { code, action } = cause;
  let { reason } = cause;
  if (action === 'fatal' || action === 'close') {
    return { lastDecision: { action, code, reason, attempt: facts.attempts, delay: 0 }, seed: facts.seed };
  }
  if (!facts.autoReconnect && cause.persists !== true) {
    reason += '; autoReconnect is off';
    return { lastDecision: { action: 'close', code, reason, attempt: facts.attempts, delay: 0 }, seed: facts.seed };
  }
  const resumes = action === 'resume' && facts.session !== null;
  if (resumes && targetOf(facts) === 'firstUrl') reason += '; RESUME goes to the first URL';
  const jitter = nextRandom(facts.seed);
  const wait = nextRandom(jitter.seed);
  const failures = cause.backoff === true ? Math.max(FLOORED, facts.attempts) : facts.attempts;
  // The connection was Connected, or its replay moved on: a drop after that is no outage.
  const gotSomewhere = resumes && facts.resumeTries === 0;
  const delay = Math.max(
    Math.min(backoffMs(failures, jitter.value, facts.backoff), gotSomewhere ? RESUME_WAIT_MS : Infinity),
    cause.invalidSession === true ? between(INVALID_SESSION_WAIT_MS, wait.value) : 0,
    Math.min(clampDelayMs(cause.minDelayMs ?? 0), MAX_RETRY_AFTER_MS),
    !resumes && facts.identifies >= FREE_IDENTIFIES ? between(IDENTIFY_PACE_MS, wait.value) : 0,
  );
  return {
    lastDecision: { action: resumes ? 'resume' : 'identify', code, reason, attempt: facts.attempts + 1, delay },
    seed: wait.seed,
  };
}

/** Spreads a first reconnect where many connections of the process have ended together: Discord's staff ask for that. */
export function spreadOut(
  { lastDecision, seed }: { readonly lastDecision: Decision | null; readonly seed: number },
  endedTogether: number,
): { lastDecision: Decision | null; seed: number } {
  if (lastDecision === null || lastDecision.delay > 0 || endedTogether < SPREAD.from || !comesBack(lastDecision)) {
    return { lastDecision, seed };
  }
  const drawn = nextRandom(seed);
  const delay = Math.round(drawn.value * Math.min(SPREAD.maxMs, endedTogether * SPREAD.eachMs));
  const reason = `${lastDecision.reason}; many connections ended together`;
  return { lastDecision: { ...lastDecision, reason, delay }, seed: drawn.seed };
}

const comesBack = ({ action }: Decision) => action === 'resume' || action === 'identify';
