import { isNewborn } from '../../../audit/lives.js';
import type { AuditRecord } from '../../../audit/record.js';

/** True for a shard's first record ever. Earlier records with its id belong to another life. */
export function isFirstOfLife({ start }: AuditRecord): boolean {
  return start !== undefined && isNewborn(start);
}

/** True for the first record of a process. A rotated file also begins with n = 1, but its shards have a past. */
export function startsProcess(record: AuditRecord): boolean {
  return record.n === 1 && isFirstOfLife(record);
}

/** Recognizes runs that were read before: in a copy of a log, or in a file that was named twice. */
export class RepeatedRuns {
  /** The number of a run's last record, by the run's first record. */
  readonly #known = new Map<string, { lastN: number }>();
  #run = { lastN: 0 };
  /** Number up to which the current run was read before. */
  #readN = 0;

  /** True for a record that was read before. Call it with every record of the log. */
  isRepeat(record: AuditRecord): boolean {
    const { n, at, shardId, check } = record;
    if (n === 1) {
      const key = `${shardId} ${at} ${check}`;
      this.#run = this.#known.get(key) ?? { lastN: 0 };
      this.#known.set(key, this.#run);
      this.#readN = this.#run.lastN;
    }
    if (n <= this.#readN) return true;
    this.#run.lastN = Math.max(this.#run.lastN, n);
    return false;
  }
}
