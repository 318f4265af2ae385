import type { Controls } from './controls.js';
import type { Setup, ShardKey } from './messages.js';

/** Sends the text of one server-sent event. */
export type Send = (frame: string) => void;

/** Content of a dashboard: running shards, or a log. */
export interface Source {
  /** Answer of `/setup`. */
  readonly setup: Setup;
  /**
   * Sends everything to a viewer, then changes, with details of the shard of that key; the returned function ends that.
   * Null for a log, which does not change.
   */
  readonly follow: ((key: ShardKey | null, send: Send) => () => void) | null;
  /**
   * Answers further paths with JSON; null for an unknown path. Rejects with the signal's reason once the client has
   * gone.
   */
  readonly json?: (path: string, gone: AbortSignal) => Promise<Buffer | null>;
  /** Actions that viewers may use; null where there are none. */
  readonly controls: Controls | null;
  /** Stops watching, and removes all listeners. */
  stop(): void;
}
