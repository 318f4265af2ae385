import { closeCodeRow } from '../../../protocol/closeCodes.js';
import { causes, type Decision } from '../../../protocol/decision.js';

/** Longer ones first, so that no cause is taken for one that begins like it. */
const known = Object.values(causes)
  .map(({ reason }) => reason)
  .toSorted((a, b) => b.length - a.length);

/**
 * What a decision's reason has in common with others like it: the code and its name, or the cause; not what the gateway
 * or the system said besides, nor what the shard's own history added.
 */
export function reasonGroup({ code, reason }: Pick<Decision, 'code' | 'reason'>): string {
  const named = code === null ? null : `${code} ${closeCodeRow(code).name}`;
  if (named !== null && reason.startsWith(named)) return named;
  return (
    known.find((cause) => reason.startsWith(cause)) ??
    (reason.replace(/; (autoReconnect|the resume URL) .*$/, '') || 'no reason given')
  );
}
