import type { Controls } from './controls.js';
import type { Setup, ShardKey } from './messages.js';

/** Takes the text of one server-sent event. */
export type Send = (frame: string) => void;

/** What a dashboard shows: shards that run, or a log. */
export interface Source {
  /** Answer of `/setup`. */
  readonly setup: Setup;
  /**
   * Tells one viewer all there is and then what changes, with the shard of that key in detail, until the function it
   * returns is called. Null in a log, where nothing changes.
   */
  readonly follow: ((key: ShardKey | null, send: Send) => () => void) | null;
  /**
   * JSON, the answer of a path besides those every dashboard has; null where there is nothing. Rejects with the signal's
   * reason once nobody waits for it any more.
   */
  readonly json?: (path: string, gone: AbortSignal) => Promise<Buffer | null>;
  /** What a viewer may do; null where nothing. */
  readonly controls: Controls | null;
  /** Leaves what is shown as it was before. */
  stop(): void;
}
