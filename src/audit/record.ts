import type { ShardEvent } from '../../machines/shard.types.js';
import type { TransitionRecord } from '../shard/events.js';
import type { ChartStart } from '../shard/steps.js';

/**
 * A transition record with what `replayAudit` needs. Records from `shard.history` and from `shard.on('transition')` have it
 * too, but not as properties of their own: neither JSON nor a spread copies it.
 */
export interface ReplayRecord extends TransitionRecord {
  /** Events since the record before that changed the chart without making a record, in order. */
  readonly since?: readonly (ShardEvent | { readonly type: string })[];
  /** The chart as it was before `since`. In a log only the first record of each life in a run has one. */
  readonly start?: ChartStart;
  /** Format of the line. Only in a log. */
  readonly v?: number;
  /** Place in its run, from 1: each process and each file begins a run. Only in a log. */
  readonly n?: number;
  /** On the first record of a run: the checksum of the last whole line before it in the log, null where there was none. */
  readonly after?: string | null;
  /** Number of the shard's life in its run, from 1: two shards of one id are two lives. Only in a log. */
  readonly life?: number;
  /** Checksum over the records of its run up to this one. Only in a log. */
  readonly check?: string;
}

/** One line of an audit log. */
export interface AuditRecord extends ReplayRecord {
  readonly since: NonNullable<ReplayRecord['since']>;
  readonly n: number;
  readonly life: number;
  readonly check: string;
}
