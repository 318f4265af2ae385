import type { ShardEvent } from '../../machines/shard.types.js';
import type { TransitionRecord } from '../shard/events.js';
import type { ChartStart } from '../shard/steps.js';

/**
 * What `replayAudit` needs of a record besides what the `transition` event shows. Records from `shard.history` and from
 * `shard.on('transition')` have it as well, where it is no property of their own: neither JSON nor a spread takes it along.
 */
export interface ReplayRecord extends TransitionRecord {
  /** Events the chart has taken since the record before, and that changed it, in order. */
  readonly since?: readonly (ShardEvent | { readonly type: string })[];
  /** The chart as it was before `since`. In a log only the first record of each life in a run has one. */
  readonly start?: ChartStart;
  /** The format of its line. Only in a log. */
  readonly v?: number;
  /** Place in its run, from 1: each process and each file begins a run. Only in a log. */
  readonly n?: number;
  /** On the first record of a run: the checksum of the last whole line before it in the log, null where there was none. */
  readonly after?: string | null;
  /** Whose it is, numbered from 1 within its run: two shards of one id are two lives. Only in a log. */
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
