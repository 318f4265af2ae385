import type { ShardContext } from '../../../machines/index.js';
import type { Session } from '../../../src/protocol/session.js';
import { Expectation, type Outcome } from './lawbook.js';

/** States by short names. */
export const IDLE = 'Offline.idle';
export const FATAL = 'Offline.fatal';
export const STOPPED = 'Offline.stopped';
export const AWAITING_SESSION = 'awaitingSession';
export const SESSION_OPTIONAL = 'awaitingSession.optional';
export const SESSION_REQUIRED = 'awaitingSession.required';
export const OPENING = 'Online.link.Connecting.opening';
export const AWAITING_HELLO = 'Online.link.Connecting.awaitingHello';
export const AWAITING_SLOT = 'Online.link.session.Identifying.awaitingSlot';
export const BACKING_OFF = 'Online.link.session.Identifying.backingOff';
export const AWAITING_READY = 'Online.link.session.Identifying.awaitingReady';
export const READY_PROMPT = 'Online.link.session.Identifying.awaitingReady.prompt';
export const READY_ALIVE = 'Online.link.session.Identifying.awaitingReady.alive';
export const RESUMING = 'Online.link.session.Resuming';
export const REPLAYING = 'Online.link.session.Resuming.replaying';
export const CONNECTED = 'Online.link.session.Connected';
export const STABILIZING = 'Online.link.session.Connected.stabilizing';
export const UNACKNOWLEDGED = 'Online.link.session.Connected.stabilizing.unacknowledged';
export const ACKNOWLEDGED = 'Online.link.session.Connected.stabilizing.acknowledged';
export const LASTING = 'Online.link.session.Connected.lasting';
export const QUIET = 'Online.link.session.Connected.quiet';
export const STABLE = 'Online.link.session.Connected.stable';
export const RECONNECTING = 'Online.closing.reconnecting';
export const GOING_OFFLINE = 'Online.closing.goingOffline';
export const STOPPING = 'Online.closing.stopping';
export const ABORTING = 'Online.closing.aborting';
export const DISCONNECTED = 'Disconnected';

/** A connection is wanted; past HELLO; being closed. */
export const WANTED = 'Online.link';
export const PAST_HELLO = 'Online.link.session';
export const CLOSING = 'Online.closing';

/** Why a connection ends. */
export interface Why {
  readonly action: 'resume' | 'identify' | 'close' | 'fatal';
  readonly code: number | null;
  readonly reason: string;
  /** Comes back even with autoReconnect off. */
  readonly persists?: boolean;
  /** Never at once. */
  readonly backsOff?: boolean;
  /** The least wait. */
  readonly minMs?: number;
}

type Shard = Outcome<ShardContext>;
type Patch = NonNullable<Shard['context']>;

/** The session of a connection that has gone as far as this sequence. */
export function advanced(session: Session | null, sequence: number | null): Session | null {
  if (session === null || sequence === null) return session;
  return { ...session, sequence: Math.max(session.sequence, sequence) };
}

/** What 1000 and 1001 of ours leave of a session. */
export const survivor = (session: Session | null, code: number): Session | null =>
  code === 1000 || code === 1001 ? null : session;

/** The decision that follows, and the context it leaves. */
export function decides(
  context: ShardContext,
  why: Why,
): { readonly lastDecision: ExpectedDecision; readonly seed?: Expectation } {
  const { session, attempts, identifies, autoReconnect, backoff } = context;
  const { action, code } = why;
  if (action === 'close' || action === 'fatal') {
    return { lastDecision: new ExpectedDecision(action, code, why.reason, attempts, 0, 0) };
  }
  if (!autoReconnect && why.persists !== true) {
    return { lastDecision: new ExpectedDecision('close', code, `${why.reason}; autoReconnect is off`, attempts, 0, 0) };
  }
  const resumes = session !== null && action === 'resume';
  const reason = resumes && goesTo(context) === 'first' ? `${why.reason}; RESUME goes to the first URL` : why.reason;
  const failures = why.backsOff === true ? Math.max(2, attempts) : attempts;
  // A connection that was Connected, or whose replay moved on: a resume costs nothing.
  const cap = resumes && context.resumeTries === 0 ? 5_000 : Infinity;
  const highest = failures === 0 ? 0 : Math.min(cap, backoff.maxMs, backoff.initialMs * 2 ** (failures - 1));
  const lowest = failures < 2 ? 0 : Math.min(backoff.initialMs, highest);
  const isPaced = !resumes && identifies >= 10;
  const least = Math.max(lowest, why.minMs ?? 0, isPaced ? 60_000 : 0);
  const most = Math.max(highest, why.minMs ?? 0, why.reason.includes('op 9 false') ? 5_000 : 0, isPaced ? 120_000 : 0);
  return {
    lastDecision: new ExpectedDecision(resumes ? 'resume' : 'identify', code, reason, attempts + 1, least, most),
    seed: drawn(context),
  };
}

/** Something was drawn at random: the next draw is another. */
export const drawn = ({ seed }: ShardContext): Expectation =>
  new Expectation('another seed', (value) => typeof value === 'number' && value !== seed);

/** The wait of a first reconnect, where many connections of the process have ended within a second. */
export function spreads(lastDecision: ShardContext['lastDecision'] | ExpectedDecision, endedTogether = 1): Patch {
  if (lastDecision === null || endedTogether < 5) return {};
  const { action, code, reason, attempt } = lastDecision;
  const isExpected = lastDecision instanceof ExpectedDecision;
  const least = isExpected ? lastDecision.least : lastDecision.delay;
  if (least > 0 || action === 'close' || action === 'fatal') return {};
  const says = `${reason}; many connections ended together`;
  const spread = new ExpectedDecision(action, code, says, attempt, 0, Math.min(5_000, endedTogether * 25));
  // Jitter that came out as no wait at all is spread too.
  const isAtOnce = !isExpected || lastDecision.most === 0;
  const accepts = (value: unknown) => spread.accepts(value) || (!isAtOnce && isExpected && lastDecision.accepts(value));
  return {
    lastDecision: new Expectation(spread.says, accepts),
    seed: new Expectation('a seed', (value) => typeof value === 'number'),
  };
}

/** A decision whose wait has room for jitter. */
class ExpectedDecision extends Expectation {
  constructor(
    readonly action: string,
    readonly code: number | null,
    readonly reason: string,
    readonly attempt: number,
    readonly least: number,
    readonly most: number,
  ) {
    super(`${action} ${code} "${reason}" attempt ${attempt} in ${least}-${most} ms`, (value) => {
      const found = value as ShardContext['lastDecision'];
      return (
        found !== null &&
        found.action === action &&
        found.code === code &&
        found.reason === reason &&
        found.attempt === attempt &&
        found.delay >= least &&
        found.delay <= most
      );
    });
  }
}

/** Resume URL first, then one and the other in turn. */
function goesTo({ session, resumeTries, resumeAttempts }: ShardContext): string {
  if (session === null || session.resumeUrl === null) return 'first';
  const tries = Array.from({ length: resumeAttempts }, () => session.resumeUrl as string);
  while (tries.length <= resumeTries) tries.push('first', session.resumeUrl);
  return tries[resumeTries] as string;
}

/** A connection is opened: to resume where there is a session, whatever has failed before. */
export function opens(context: ShardContext): Shard {
  const { session, resumeTries, attempts } = context;
  const url = goesTo(context);
  return {
    to: OPENING,
    frames: [`open ${url}`],
    context: {
      session,
      asksStore: false,
      attempts: attempts + 1,
      target: url === 'first' ? 'firstUrl' : 'resumeUrl',
      resumeTries: session === null ? 0 : resumeTries + 1,
    },
  };
}

/** We drop the connection and come back. */
export function dropsAndReturns(context: ShardContext, why: Why, session = context.session): Shard {
  return {
    to: RECONNECTING,
    frames: [`close ${why.code ?? 4900}`],
    context: { session, ...decides({ ...context, session }, why) },
  };
}

/** The connection is gone. What follows was decided, or is now. */
export function lost(context: ShardContext, patch: Patch = {}, frames: readonly string[] = ['drop']): Shard {
  const decided = (patch.lastDecision ?? context.lastDecision) as { readonly action: string } | null;
  return { to: decided?.action === 'close' ? IDLE : DISCONNECTED, frames, context: patch };
}

/** The user wants it down: what the command says is the decision, and 1000 and 1001 end the session. */
export function standsDown(
  context: ShardContext,
  { code, reason }: { readonly code: number; readonly reason: string },
): Patch {
  return { session: survivor(context.session, code), ...decides(context, { action: 'close', code, reason }) };
}
