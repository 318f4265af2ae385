/**
 * Messages from the server to the live page.
 *
 * A stream of server-sent events at `/events?shard=KEY` begins with `fleet`, followed by `shard` where a shard is
 * selected. Changes follow at most ten times a second. The page receives nothing that is not listed here: no context of
 * a chart, no payload, no whole session id.
 *
 * Times are milliseconds since the epoch.
 */
import type { Lifecycle } from '../../machines/lifecycle.js';
import type { Decision } from '../protocol/decision.js';

/** `7`; or `+7` for shard 7 of the other set while a manager reshards. */
export type ShardKey = string;

/** A lifecycle state; or `fatal`, Offline because another attempt cannot succeed. */
export type ShownState = Lifecycle | 'fatal';

/** Index of a state in {@link Setup.states}. */
export type StateIndex = number;

/** Answer of `/setup`, which the page asks for first. */
export interface Setup {
  /** `live` for running shards, `audit` for the shards of a log. */
  readonly source: 'live' | 'audit';
  readonly states: readonly ShownState[];
  /** Actions that viewers may use on a shard; null where there are none. */
  readonly controls: {
    /** Names for `POST /shards/KEY/commands/NAME`. */
    readonly commands: readonly CommandName[];
    /** Names for `POST /shards/KEY/faults/NAME`; empty without a simulated gateway. */
    readonly faults: readonly string[];
  } | null;
}

/** Commands for a shard, named as its methods. */
export type CommandName = 'connect' | 'reconnect' | 'reinstantiate' | 'close';

/** Event `fleet`: everything about all shards. First event of a stream, sent again when shards join or leave. */
export interface FleetMessage {
  readonly at: number;
  readonly manager: ManagerView | null;
  /** Number of shards of the bot; 0 while unknown. */
  readonly total: number;
  readonly shards: readonly {
    readonly key: ShardKey;
    readonly id: number;
    readonly state: StateIndex;
    readonly since: number;
  }[];
  /** Oldest first. */
  readonly incidents: readonly Incident[];
  readonly totals: Totals;
}

/** Event `changes`: what changed since the last message. */
export interface ChangesMessage {
  readonly at: number;
  /** Latest state of each shard that changed. */
  readonly states: Readonly<Record<ShardKey, StateIndex>>;
  /** New incidents, and changed ones by their `id`. */
  readonly incidents: readonly Incident[];
}

/** Event `totals`, sent once a second. */
export interface TotalsMessage extends Totals {
  readonly at: number;
  readonly manager: ManagerView | null;
}

/** State of the manager. */
export interface ManagerView {
  readonly state: string;
  /** Number of shards that the current operation waits for; all 0 without an operation. */
  readonly progress: {
    readonly waiting: number;
    readonly opening: number;
    readonly rising: number;
    readonly closing: number;
  };
}

/** Figures over all shards. */
export interface Totals {
  /** Dispatches and bytes received a second; null until there are two samples, and in a log. */
  readonly rates: { readonly dispatches: number; readonly bytes: number } | null;
  /** The identify queue and the day's budget; null where the manager does not know them. */
  readonly identifies: {
    readonly waiting: number;
    /** Earliest time of the next identify; null while no shard waits. */
    readonly nextAt: number | null;
    readonly total: number | null;
    readonly remaining: number | null;
    /** Number of remaining identifies that are left for other uses. */
    readonly reserve: number;
    readonly resetAt: number | null;
  } | null;
  /** Mean heartbeat latency in milliseconds; null while unknown. */
  readonly latency: number | null;
}

/** Shards with the same decision at about the same time. */
export interface Incident {
  readonly id: number;
  /** Time of the first shard, and of the last one so far. */
  readonly at: number;
  readonly lastAt: number;
  readonly action: Decision['action'];
  readonly code: number | null;
  readonly reason: string;
  /** Number of shards. */
  readonly shards: number;
  /** Ids of the first ten shards. */
  readonly ids: readonly number[];
  /** Number of times that shards went down; more than `shards` where one went down repeatedly. */
  readonly times: number;
  /** Number of shards that are still down; a fatal shard counts until another replaces it. */
  readonly down: number;
  /** Number of shards that ended or were closed while down. */
  readonly lost: number;
  /** Time when the current outage began, or the last one. */
  readonly downAt: number;
  /** Time when the last shard was Connected again or lost; null while any is down. */
  readonly endedAt: number | null;
}

/**
 * Step of a shard in an incident: 1 first met, 2 down again after it was up, 3 down again after it was lost, 0 met
 * again while down, -1 Connected again, -2 lost.
 */
export type IncidentStep = 1 | 2 | 3 | 0 | -1 | -2;

/** The charts of a shard, by the names of their pictures. */
export type ChartName = 'shard' | 'heartbeat' | 'bucket';

/** Event `shard`: the selected shard. */
export interface ShardMessage {
  readonly at: number;
  readonly key: ShardKey;
  readonly id: number;
  /**
   * True for a whole shard: forget all earlier messages about it. Otherwise add `steps`, `taken` and `latencies` to
   * them.
   */
  readonly isWhole: boolean;
  readonly state: StateIndex;
  /**
   * Path of the innermost active state of each chart, as in `data-state` of its picture; null while that actor does not
   * run.
   */
  readonly active: Readonly<Record<ChartName, string | null>>;
  /** Edges taken since the last message, in order, as in `data-edge` of the picture. */
  readonly taken: readonly { readonly chart: ChartName; readonly edge: string }[];
  /** Oldest first. */
  readonly steps: readonly StepView[];
  readonly session: { readonly id: string; readonly sequence: number } | null;
  /** Null in a log, which does not contain these. */
  readonly live: LiveNumbers | null;
}

/** A transition record as the page shows it; the session's id is cut short. */
export interface StepView {
  readonly at: number;
  readonly from: StateIndex;
  readonly to: StateIndex;
  readonly event: string;
  readonly decision: Decision | null;
  readonly session: { readonly id: string; readonly sequence: number } | null;
}

/** Figures of a running shard that its log does not contain. */
export interface LiveNumbers {
  readonly heart: {
    /** Milliseconds; null before the first HELLO. */
    readonly interval: number | null;
    readonly lastBeatAt: number | null;
    readonly lastAckAt: number | null;
    /** Acks since the last message: time, and latency in milliseconds. */
    readonly latencies: readonly (readonly [at: number, latency: number])[];
  };
  /** All 0 while the bucket is closed, before READY or RESUMED. */
  readonly bucket: { readonly capacity: number; readonly available: number };
  readonly queue: { readonly size: number; readonly max: number };
  readonly stats: Readonly<
    Record<
      | 'connections'
      | 'identifies'
      | 'resumes'
      | 'dispatches'
      | 'replayed'
      | 'bytesReceived'
      | 'framesSent'
      | 'malformed',
      number
    >
  >;
}

/** Answer of `/audit/timeline`: the states of all shards of a log. */
export interface AuditTimeline {
  readonly files: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly shardIds: readonly number[];
  /**
   * Changes of state in order of time, three numbers each: milliseconds since `from`, index in `shardIds`, {@link
   * StateIndex}. The first one of each shard is its state at the beginning of the log.
   */
  readonly moves: readonly number[];
  readonly incidents: readonly AuditIncident[];
  /** Number of lines that were skipped because they are not records. */
  readonly skipped: number;
}

/** An incident with its steps, so that it can be shown as it was at any time. */
export interface AuditIncident extends Incident {
  /** Steps of its shards, in pairs: milliseconds since `from`, and an {@link IncidentStep}. */
  readonly course: readonly number[];
}

/** Answer of `/audit/shards/ID`: the records of one shard with the steps of its chart. */
export interface AuditShard {
  readonly id: number;
  readonly steps: readonly AuditStep[];
}

/** A record of a log, with what the shard's chart did. */
export interface AuditStep extends StepView {
  /** Path of the innermost active state after the record; null where the chart contradicts the record. */
  readonly active: string | null;
  /**
   * Edges taken by the record's event and by the events right before it. Empty where a later life of the shard had
   * taken over.
   */
  readonly taken: readonly string[];
}
