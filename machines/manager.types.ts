/** The shards of one `total`. While a bot is resharded it has two such sets. */
export interface ShardSet {
  /** Each new set of a manager has a higher number. */
  readonly number: number;
  readonly total: number;
  readonly ids: readonly number[];
}

/** One shard of one set. */
export interface ShardRef {
  readonly set: number;
  readonly id: number;
}

/** A shard on its way to Connected. */
export interface ShardStart extends ShardRef {
  /** The shard has a session: it needs no identify, and waits for no other shard. */
  readonly resumes: boolean;
  /** `waiting`: not connecting yet. `opening`: connecting, no HELLO yet. `rising`: past HELLO or restarted, not Connected yet. */
  readonly phase: 'waiting' | 'opening' | 'rising';
}

/** A shard that was Connected, or should have been, and is not. */
export interface LostShard extends ShardRef {
  /** True while the shard's own chart reconnects it; false when it is Offline until the next `connect`. */
  readonly returns: boolean;
}

/** Limits in milliseconds. */
export interface ManagerTimeouts {
  /** How long a hand-over waits for shards of the current set that are away. */
  readonly handOverMs: number;
  /** How long the previous set stays connected after the hand-over, for events that are still on their way to it. */
  readonly drainMs: number;
  /** How long shards may take to go down. */
  readonly closeMs: number;
}

/** Input of a manager's chart. */
export interface ManagerInput {
  /** Connections that may be opened at the same time. */
  readonly maxOpening: number;
  readonly timeouts: ManagerTimeouts;
}

export interface ManagerContext extends ManagerInput {
  /** `max_concurrency`; null until it is known, and where an `identifyLimiter` or `identifyHook` decides. */
  readonly maxConcurrency: number | null;
  /** Number of the newest set. */
  readonly lastSet: number;
  /** The set in service; null while the manager is down. */
  readonly current: ShardSet | null;
  /** The set that a reshard brings up; null again when it is in service or called off. */
  readonly next: ShardSet | null;
  /** The set that was in service before the hand-over, while it drains. */
  readonly previous: ShardSet | null;
  /** Shards on their way up; those that wait stand in the order of their turns. */
  readonly starting: readonly ShardStart[];
  /** Shards that are away or down. */
  readonly lost: readonly LostShard[];
  /** Shards that were told to go down for good, and are not gone yet. */
  readonly leaving: readonly ShardRef[];
  /** Shards that went down for good while the operation needed them. */
  readonly failed: readonly ShardRef[];
  /** The restart under way, with the shards that still have their turn before them. */
  readonly restart: {
    readonly rolling: boolean;
    readonly newSessions: boolean;
    readonly due: readonly ShardRef[];
  } | null;
}

/** Facts that are known before shards connect. */
export interface Prepared {
  readonly total: number;
  readonly ids: readonly number[];
  /** Ids of the shards that have a session. */
  readonly resumable: readonly number[];
  readonly maxConcurrency: number | null;
  /** Identifies left today, without the reserve; null where they are not counted here. */
  readonly identifiesLeft: number | null;
}

export type ManagerCommand =
  | { type: 'connect' }
  | { type: 'close'; code: number; reason: string }
  | { type: 'shutdown'; code: number; reason: string }
  /** Takes everything down before the command returns. */
  | { type: 'abort'; code: number; reason: string }
  /** Runs these shards of the same total from now on, and closes all others with this code. */
  | { type: 'scale'; ids: readonly number[]; code: number; reason: string }
  /** `identifiesLeft`: identifies left today, without the reserve; null where they are not counted here. */
  | { type: 'restart'; rolling: boolean; newSessions: boolean; identifiesLeft: number | null }
  | { type: 'reshard'; total: number | 'auto'; ids: readonly number[] | null }
  | { type: 'reshard.abort' };

/** Result of the preparation: the answers of GET /gateway/bot and the session store, or none. */
export type PreparationReport = { type: 'manager.prepared'; prepared: Prepared } | { type: 'manager.unprepared' };

/** Changes that the shards' own charts report. */
export type FleetReport =
  /** Past HELLO, or lost before it. */
  | ({ type: 'shard.opened' } & ShardRef)
  /** Connected. */
  | ({ type: 'shard.up' } & ShardRef)
  /** No longer Connected. */
  | ({ type: 'shard.left' } & ShardRef)
  /** Offline. */
  | ({ type: 'shard.down' } & ShardRef)
  /** Shut down as ordered, with nothing left of it. */
  | ({ type: 'shard.gone' } & ShardRef);

export type ManagerEvent = ManagerCommand | PreparationReport | FleetReport;

/** Orders of the manager's chart to its shards. */
export type FleetCommand =
  | { type: 'set.create'; set: ShardSet }
  /** Connects a shard; a new one is made first where there is none, or only one that has ended. */
  | { type: 'shard.connect'; ref: ShardRef }
  | { type: 'shard.restart'; ref: ShardRef; newSession: boolean }
  | { type: 'shard.close'; ref: ShardRef; code: number; reason: string }
  /** Closes a shard without waiting for the peer. */
  | { type: 'shard.abort'; ref: ShardRef; code: number; reason: string }
  /** Listeners get the events of this set from now on. */
  | { type: 'set.serve'; set: number };

/** Input of the preparation: the command that needs it. */
export interface PreparationInput {
  readonly for: 'connect' | Extract<ManagerCommand, { type: 'reshard' }>;
}

/** Why an operation ended without its result. */
export type OperationFailure =
  /** The gateway, its limits or the number of shards could not be found out. */
  | 'unprepared'
  /** Fewer identifies are left today than the operation needs. */
  | 'overBudget'
  /** A shard went down for good. */
  | 'shardDown'
  | 'aborted';

/** Events that the chart emits. At most one operation runs; each ends in one of the first two, unless everything goes down. */
export type ManagerReport =
  | { type: 'operation.done' }
  | { type: 'operation.failed'; why: OperationFailure; shards: readonly ShardRef[] }
  /** Everything is down, and every operation that ran has ended. A `connect` that came while it went down starts next. */
  | { type: 'manager.offline' };
