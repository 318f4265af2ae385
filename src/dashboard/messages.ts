/**
 * What the live page is told. A stream of server-sent events at `/events?shard=KEY` has as its first `fleet`, and where a
 * shard is selected then `shard`; from then on what has changed, ten times a second at most. Only what stands here goes
 * out: no context of a chart, no payload, no whole session id.
 *
 * Times are milliseconds since the epoch.
 */
import type { Lifecycle } from '../../machines/lifecycle.js';
import type { Decision } from '../protocol/decision.js';

/** `7`, or `+7` for the shard 7 of the set that is not in service while a manager reshards. */
export type ShardKey = string;

/** A lifecycle state, or `fatal`: Offline because trying again cannot help. */
export type ShownState = Lifecycle | 'fatal';

/** Place of a state in {@link Setup.states}. */
export type StateIndex = number;

/** What the page must know before anything else: the answer of `/setup`. */
export interface Setup {
  /** Shards that run, or the log of shards that ran. */
  readonly source: 'live' | 'audit';
  readonly states: readonly ShownState[];
  /** What a viewer may do to a shard; null where nothing. */
  readonly controls: {
    /** Names for `POST /shards/KEY/commands/NAME`. */
    readonly commands: readonly CommandName[];
    /** Names for `POST /shards/KEY/faults/NAME`; empty where the gateway is no simulator. */
    readonly faults: readonly string[];
  } | null;
}

/** What a viewer may tell a shard to do, as its method of that name does. */
export type CommandName = 'connect' | 'reconnect' | 'reinstantiate' | 'close';

/** Event `fleet`: all there is. First in every stream, and again whenever shards have come or gone. */
export interface FleetMessage {
  readonly at: number;
  readonly manager: ManagerView | null;
  /** How many shards the bot has in all; 0 while that is not known. */
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

/** Event `changes`: what has changed since the message before. */
export interface ChangesMessage {
  readonly at: number;
  /** The latest state of each shard that has moved. */
  readonly states: Readonly<Record<ShardKey, StateIndex>>;
  /** New ones and, by `id`, those that have changed. */
  readonly incidents: readonly Incident[];
}

/** Event `totals`, once a second. */
export interface TotalsMessage extends Totals {
  readonly at: number;
  readonly manager: ManagerView | null;
}

/** What the manager of the shards does. */
export interface ManagerView {
  readonly state: string;
  /** Shards the operation under way still waits for; all 0 while there is none. */
  readonly progress: {
    readonly waiting: number;
    readonly opening: number;
    readonly rising: number;
    readonly closing: number;
  };
}

/** What is told of all shards together. */
export interface Totals {
  /** Dispatches and bytes received a second, over all shards; null until there are two looks to compare, and in a log. */
  readonly rates: { readonly dispatches: number; readonly bytes: number } | null;
  /** The identify queue and the day's budget; null where they are not ours to know. */
  readonly identifies: {
    readonly waiting: number;
    /** When the next may identify at the earliest; null while nobody waits. */
    readonly nextAt: number | null;
    readonly total: number | null;
    readonly remaining: number | null;
    /** Of those that remain, how many are left for something else. */
    readonly reserve: number;
    readonly resetAt: number | null;
  } | null;
  /** Mean heartbeat latency in milliseconds; null while none is known. */
  readonly latency: number | null;
}

/** Shards to which the same was decided at about the same time: one bad moment. */
export interface Incident {
  readonly id: number;
  /** Of the first shard, and of the last so far. */
  readonly at: number;
  readonly lastAt: number;
  readonly action: Decision['action'];
  readonly code: number | null;
  readonly reason: string;
  /** How many shards it has met. */
  readonly shards: number;
  /** The first of them. */
  readonly ids: readonly number[];
  /** How many times it took one of them down: more often than there are shards where one goes down again and again. */
  readonly times: number;
  /** How many of them are down because of it; one that is refused for good until another takes its place. */
  readonly down: number;
  /** How many of them came to their end down, or were closed: they are awaited no more, and did not come up either. */
  readonly lost: number;
  /** When it took the first down of those who are down now, or were down last. */
  readonly downAt: number;
  /** When the last was Connected again or lost; null while any is down. */
  readonly endedAt: number | null;
}

/**
 * What befell a shard in an incident: 1 it is met, 2 it goes down again after it was up, 3 or after it was lost; 0 it meets
 * the same again while it is down; -1 it is Connected again, -2 it is lost.
 */
export type IncidentStep = 1 | 2 | 3 | 0 | -1 | -2;

/** The charts of a shard, by the names of their pictures. */
export type ChartName = 'shard' | 'heartbeat' | 'bucket';

/** Event `shard`: the selected one. */
export interface ShardMessage {
  readonly at: number;
  readonly key: ShardKey;
  readonly id: number;
  /** Begins anew: what was told of a shard before is to be forgotten. Otherwise `steps`, `taken`, `latencies` are to be added. */
  readonly isWhole: boolean;
  readonly state: StateIndex;
  /** Path of the innermost active state of each chart, as in `data-state` of its picture; null while that actor does not run. */
  readonly active: Readonly<Record<ChartName, string | null>>;
  /** Edges taken since the message before, as in `data-edge` of the picture; in order. */
  readonly taken: readonly { readonly chart: ChartName; readonly edge: string }[];
  /** Oldest first. */
  readonly steps: readonly StepView[];
  readonly session: { readonly id: string; readonly sequence: number } | null;
  /** Null in a log, which has none of it. */
  readonly live: LiveNumbers | null;
}

/** A transition record as it is shown; the session's id is cut short. */
export interface StepView {
  readonly at: number;
  readonly from: StateIndex;
  readonly to: StateIndex;
  readonly event: string;
  readonly decision: Decision | null;
  readonly session: { readonly id: string; readonly sequence: number } | null;
}

/** What a shard that runs has besides what its log tells. */
export interface LiveNumbers {
  readonly heart: {
    /** Milliseconds; null before the first HELLO. */
    readonly interval: number | null;
    readonly lastBeatAt: number | null;
    readonly lastAckAt: number | null;
    /** Acks since the message before: when, and milliseconds. */
    readonly latencies: readonly (readonly [at: number, latency: number])[];
  };
  /** All 0 while the bucket is closed: before READY or RESUMED. */
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

/** Answer of `/audit/timeline`: the life of all shards of a log. */
export interface AuditTimeline {
  readonly files: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly shardIds: readonly number[];
  /**
   * What moved, in order of time, three numbers each: milliseconds since `from`, place in `shardIds`, {@link StateIndex}.
   * The first of each shard says where it was when the log began.
   */
  readonly moves: readonly number[];
  readonly incidents: readonly AuditIncident[];
  /** Lines that were no records, and were passed over. */
  readonly skipped: number;
}

/** An incident with its course, so that it can be told as it was at any time. */
export interface AuditIncident extends Incident {
  /** What it did to its shards, in pairs: milliseconds since `from`, and an {@link IncidentStep}. */
  readonly course: readonly number[];
}

/** Answer of `/audit/shards/ID`: each record of one shard, and what the chart did in it. */
export interface AuditShard {
  readonly id: number;
  readonly steps: readonly AuditStep[];
}

/** A record of a log, with what the shard's chart did in it. */
export interface AuditStep extends StepView {
  /** Path of the innermost active state after it; null where the chart does not come to what the record says. */
  readonly active: string | null;
  /** Edges it took, those of the events right before it among them. None where a later life of the shard had taken over. */
  readonly taken: readonly string[];
}
