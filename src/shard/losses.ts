/** Numbers by opcode. */
type CountByOp = ReadonlyMap<number, number>;

/** Numbers of each opcode in a list. */
function countByOp(ops: Iterable<number>): CountByOp {
  const counts = new Map<number, number>();
  for (const op of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  return counts;
}

/** A line of the log about what went down with a shard; null where nothing was lost. */
export function describeLosses(unsent: Iterable<number>, unanswered: Iterable<number>): string | null {
  const parts = [
    describe(countByOp(unsent), 'payload', 'left unsent'),
    describe(countByOp(unanswered), 'request', 'left unanswered'),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('; ');
}

function describe(counts: CountByOp, noun: string, fate: string): string | null {
  const parts = [...counts].map(([op, count]) => `${count} ${noun}${count === 1 ? '' : 's'} of op ${op}`);
  return parts.length === 0 ? null : `${parts.join(', ')} ${fate}`;
}
