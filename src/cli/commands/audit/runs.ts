import { isNewborn } from '../../../audit/lives.js';
import type { AuditRecord } from '../../../audit/record.js';

/** Whether a shard has done nothing before this record: what the log has of it from before is another shard's life. */
export function isFirstOfLife({ start }: AuditRecord): boolean {
  return start !== undefined && isNewborn(start);
}

/** Whether a process begins with this record. The first of a rotated file is no such one: its shards live already. */
export function startsProcess(record: AuditRecord): boolean {
  return record.n === 1 && isFirstOfLife(record);
}

/** Tells the records of a run that has been read already: of a copy of a log, or of a file that is named twice. */
export class RepeatedRuns {
  /** By its first record: the number of its last one. */
  readonly #known = new Map<string, { lastN: number }>();
  #run = { lastN: 0 };
  /** Up to where this run has been read before. */
  #readN = 0;

  /** Whether it has been read before. Takes every record of the log. */
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
