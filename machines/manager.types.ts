/** The shards of one `total`. While a bot is resharded it has two such sets. */
export interface ShardSet {
  /** Tells the sets of a manager apart: it grows. */
  readonly number: number;
  readonly total: number;
  readonly ids: readonly number[];
}

/** One shard of one set. */
export interface ShardRef {
  readonly set: number;
  readonly id: number;
}

/** A shard that is to be connected. */
export interface ShardStart extends ShardRef {
  /** It has a session: it costs no identify, and waits for nobody's. */
  readonly resumes: boolean;
}

/** Limits in milliseconds. */
export interface ManagerTimeouts {
  /** How long a hand-over waits for shards of the old set that are away. */
  readonly handOverMs: number;
  /** How long the old set goes on after the hand-over, for what is still on its way to it. */
  readonly drainMs: number;
  /** How long shards may take to go down. */
  readonly closeMs: number;
}

/** What a manager's chart is started with. */
export interface ManagerInput {
  /** Connections that may be opened at the same time. */
  readonly maxOpening: number;
  readonly timeouts: ManagerTimeouts;
}

export interface ManagerContext extends ManagerInput {
  /** `max_concurrency`; null while it is not known, and where somebody else says who may identify. */
  readonly maxConcurrency: number | null;
  /** Of the newest set. */
  readonly lastSet: number;
  /** The set that is in service; null while the manager is down. */
  readonly service: ShardSet | null;
  /** The set beside it: the new one until the hand-over, then the old one; null again as soon as it is told to go. */
  readonly beside: ShardSet | null;
  /** Not told to connect yet, in the order of their turns. */
  readonly waiting: readonly ShardStart[];
  /** Told to connect, and not past HELLO. */
  readonly opening: readonly ShardStart[];
  /** Past HELLO or restarted, and not Connected since. */
  readonly rising: readonly ShardRef[];
  /** Went down for good while the operation under way needed them. */
  readonly failed: readonly ShardRef[];
  /** Were Connected and will be again: their own charts see to it. */
  readonly away: readonly ShardRef[];
  /** Offline, and nobody brings them up but `connect`. */
  readonly down: readonly ShardRef[];
  /** Told to go down for good, and not gone yet. */
  readonly closing: readonly ShardRef[];
  /** Still to be restarted. */
  readonly due: readonly ShardRef[];
  /** How the restart under way, or the last one, is done. */
  readonly restart: { readonly rolling: boolean; readonly newSessions: boolean } | null;
}

/** What is known before shards are connected. */
export interface Prepared {
  readonly total: number;
  readonly ids: readonly number[];
  /** Those with a session. */
  readonly resumable: readonly number[];
  readonly maxConcurrency: number | null;
  /** Of the day, without the reserve; null where they are not counted here. */
  readonly identifiesLeft: number | null;
}

export type ManagerCommand =
  | { type: 'connect' }
  | { type: 'close'; code: number; reason: string }
  | { type: 'shutdown'; code: number; reason: string }
  /** Down before the command returns. */
  | { type: 'abort'; code: number; reason: string }
  /** Runs these shards of the same total from now on; those that are not among them are closed with this code. */
  | { type: 'scale'; ids: readonly number[]; code: number; reason: string }
  /** `identifiesLeft`: of the day, without the reserve; null where they are not counted here. */
  | { type: 'restart'; rolling: boolean; newSessions: boolean; identifiesLeft: number | null }
  | { type: 'reshard'; total: number | 'auto'; ids: readonly number[] | null }
  | { type: 'reshard.abort' };

/** What the preparation tells: the answer of GET /gateway/bot and of the session store, or why there is none. */
export type PreparationReport = { type: 'manager.prepared'; prepared: Prepared } | { type: 'manager.unprepared' };

/** What the shards' own charts have done. */
export type FleetReport =
  /** Past HELLO, or lost before it. */
  | ({ type: 'shard.opened' } & ShardRef)
  /** Connected. */
  | ({ type: 'shard.up' } & ShardRef)
  /** No longer Connected. */
  | ({ type: 'shard.left' } & ShardRef)
  /** Offline. */
  | ({ type: 'shard.down' } & ShardRef)
  /** Shut down as it was told to, with nothing left of it. */
  | ({ type: 'shard.gone' } & ShardRef);

export type ManagerEvent = ManagerCommand | PreparationReport | FleetReport;

/** What the chart tells the shards. */
export type FleetCommand =
  | { type: 'set.create'; set: ShardSet }
  /** Makes it first where there is none, or none that can come up any more. */
  | { type: 'shard.connect'; ref: ShardRef }
  | { type: 'shard.restart'; ref: ShardRef; newSession: boolean }
  | { type: 'shard.close'; ref: ShardRef; code: number; reason: string }
  /** Without waiting for the peer. */
  | { type: 'shard.abort'; ref: ShardRef; code: number; reason: string }
  /** Listeners are told what this set receives. */
  | { type: 'set.serve'; set: number };

/** What is prepared for. */
export interface PreparationInput {
  readonly for: 'connect' | Extract<ManagerCommand, { type: 'reshard' }>;
}

/** Why an operation has ended without having done what was asked. */
export type OperationFailure =
  /** Nobody knows the gateway, its limits or the number of shards. */
  | 'unprepared'
  /** The day has fewer identifies left than the operation needs. */
  | 'overBudget'
  /** A shard went down for good. */
  | 'shardDown'
  | 'aborted';

/** What the chart emits. One operation is under way at most, and each ends in one of the first two unless everything goes down. */
export type ManagerReport =
  | { type: 'operation.done' }
  | { type: 'operation.failed'; why: OperationFailure; shards: readonly ShardRef[] }
  /** Everything is down; operations that were under way have ended. (Who has asked to connect meanwhile is served next.) */
  | { type: 'manager.offline' };
