import { closeCodeRow } from '../../../protocol/closeCodes.js';
import { causes, type Decision, NO_CONNECTION } from '../../../protocol/decision.js';

/** Longest first, so that a cause is not mistaken for a shorter one with the same beginning. */
const known = [...Object.values(causes).map(({ reason }) => reason), NO_CONNECTION].toSorted(
  (a, b) => b.length - a.length,
);

/**
 * Groups a decision with others of the same cause: by close code and its name, or by cause. The gateway's own words,
 * the system's, and the shard's history are left out.
 */
export function reasonGroup({ code, reason }: Pick<Decision, 'code' | 'reason'>): string {
  const named = code === null ? null : `${code} ${closeCodeRow(code).name}`;
  if (named !== null && reason.startsWith(named)) return named;
  return (
    known.find((cause) => reason.startsWith(cause)) ??
    (reason.replace(/; (autoReconnect|the resume URL) .*$/, '') || 'no reason given')
  );
}
