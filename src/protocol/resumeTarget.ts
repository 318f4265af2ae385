import type { Session } from './session.js';

/** URL that a connection is opened at. */
export type Target = 'resumeUrl' | 'firstUrl';

export interface TargetFacts {
  readonly session: Session | null;
  /** Connections in a row that were to resume and made no progress. */
  readonly resumeTries: number;
  /** Tries at the resume URL before the first URL has its turn. */
  readonly resumeAttempts: number;
}

/**
 * The URL of the next connection. IDENTIFY leaves at the first URL alone. RESUME is answered at both, so a URL that cannot
 * be reached never costs a session: after `resumeAttempts` tries at the resume URL the two take turns.
 */
export function targetOf({ session, resumeTries, resumeAttempts }: TargetFacts): Target {
  if (session === null || session.resumeUrl === null) return 'firstUrl';
  const turn = resumeTries - resumeAttempts;
  return turn < 0 || turn % 2 === 1 ? 'resumeUrl' : 'firstUrl';
}
