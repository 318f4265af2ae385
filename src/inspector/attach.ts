import { ShardError } from '../util/errors.js';
import { handled } from '../util/handled.js';
import { reportTo } from '../util/logger.js';
import { loadConversion } from './conversion.js';
import { InspectorError } from './inspectorError.js';
import { openInBrowser } from '../util/localhost/openInBrowser.js';
import {
  checkInspected,
  isGroup,
  resolveInspectorOptions,
  type InspectedGroup,
  type InspectedShard,
  type InspectorOptions,
  type ResolvedInspectorOptions,
} from './options.js';
import { Pipeline } from './pipeline.js';
import { ViewerServer } from './viewerServer.js';
import { createRedactor } from './redact.js';
import { Tap } from './tap.js';

/** Running inspector, made by {@link attachInspector}. */
export interface Inspector extends AsyncDisposable {
  /** Resolves when the page can be opened. Rejects with an {@link InspectorError} where it cannot; all shards are detached then. */
  readonly ready: Promise<void>;
  /** URL of the page, `http://127.0.0.1:PORT/`; with `ws:` viewers connect to it. Null until ready and after `stop`. */
  readonly url: string | null;
  /** Ids of the shards that are shown now. */
  readonly attached: readonly number[];
  /** Number of viewers connected now. */
  readonly viewers: number;
  /** Number of events and snapshots that were not shown, because they came faster than `maxEventsPerSecond` or could not be written. */
  readonly dropped: number;
  /**
   * Shows a further shard, from now on or once it is made.
   * @throws ShardError `UNKNOWN_SHARD` where the manager has no such shard; InspectorError `CLOSED` after `stop`.
   */
  attach(shardId: number): void;
  /** Stops showing a shard and leaves it as it was. */
  detach(shardId: number): void;
  /** Detaches all shards and closes the server with all its connections. Never rejects. */
  stop(): Promise<void>;
}

/** Shards shown by default: an inspected shard costs more, and people cannot follow more than a few. */
const FIRST_SHARDS = 8;

class AttachedInspector implements Inspector {
  readonly ready: Promise<void>;
  readonly #options: ResolvedInspectorOptions;
  readonly #group: InspectedGroup;
  readonly #server: ViewerServer;
  readonly #pipeline: Pipeline;
  readonly #taps = new Map<InspectedShard, Tap>();
  readonly #wanted: Set<number>;
  readonly #unwanted = new Set<number>();
  #droppedBefore = 0;
  #hasWarnedOfDrops = false;
  #stopped: Promise<void> | null = null;

  constructor(source: InspectedShard | InspectedGroup, options: InspectorOptions) {
    checkInspected(source);
    this.#options = resolveInspectorOptions(options);
    const { port, host, page, shards = [] } = this.#options;
    this.#wanted = new Set(shards);
    this.#group = isGroup(source) ? source : groupOf(source);
    this.#server = new ViewerServer({ port, host, page, warn: (message) => this.#warn(message) });
    this.#pipeline = new Pipeline({
      onFrame: (frame) => this.#server.publish(frame),
      onActorEnd: (sessionId) => this.#server.backlog.forget(sessionId),
      onFailure: () => this.#onFailure(),
    });
    this.#group.on('shard', this.#onShard);
    for (const shard of this.#all()) this.#onShard(shard);
    this.ready = handled(this.#start());
  }

  get url(): string | null {
    return this.#server.url;
  }

  get attached(): readonly number[] {
    // A chart that has thrown emits no end.
    const running = [...this.#taps.keys()].filter(isRunning);
    return [...new Set(running.map(({ id }) => id))].toSorted((one, other) => one - other);
  }

  get viewers(): number {
    return this.#server.viewers;
  }

  get dropped(): number {
    return [...this.#taps.values()].reduce((sum, tap) => sum + tap.dropped, this.#droppedBefore);
  }

  attach(shardId: number): void {
    if (this.#stopped !== null) throw new InspectorError('CLOSED', 'The inspector was stopped. Attach a new one.');
    const shards = this.#all().filter(({ id }) => id === shardId);
    const { ids } = this.#group;
    if (shards.length === 0 && ids.length > 0 && !ids.includes(shardId)) {
      throw new ShardError('UNKNOWN_SHARD', `There is no shard ${shardId} here.`, { value: shardId });
    }
    this.#unwanted.delete(shardId);
    this.#wanted.add(shardId);
    for (const shard of shards) this.#tap(shard);
  }

  detach(shardId: number): void {
    this.#wanted.delete(shardId);
    this.#unwanted.add(shardId);
    for (const [shard, tap] of this.#taps) if (shard.id === shardId) this.#untap(shard, tap);
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(): Promise<void> {
    const { logger, secrets, autoOpen } = this.#options;
    try {
      const convert = await loadConversion(createRedactor(secrets));
      await this.#server.listen();
      if (this.#stopped !== null) throw new InspectorError('CLOSED', 'The inspector was stopped before it was ready.');
      this.#pipeline.open(convert);
    } catch (error) {
      // The log has the failure as well, for users who do not await `ready`. A stop by the user is no failure.
      if (this.#stopped === null) reportTo({ logger })(error as Error);
      void this.stop();
      throw error;
    }
    if (autoOpen && this.url !== null) openInBrowser(this.url, (message) => this.#warn(message));
  }

  async #stop(): Promise<void> {
    this.#group.off('shard', this.#onShard);
    for (const [shard, tap] of this.#taps) this.#untap(shard, tap);
    this.#pipeline.close();
    // The server cannot be closed before it has begun to listen.
    await this.ready.catch(() => {});
    await this.#server.close();
  }

  #all(): InspectedShard[] {
    return [...this.#group.shards.values(), ...(this.#group.otherShards ?? [])];
  }

  readonly #onShard = (shard: InspectedShard): void => {
    if (this.#wants(shard.id)) this.#tap(shard);
  };

  #wants(id: number): boolean {
    if (this.#wanted.has(id)) return true;
    const isOpen = this.#options.shards === undefined && this.#wanted.size < FIRST_SHARDS;
    if (!isOpen || this.#unwanted.has(id)) return false;
    this.#wanted.add(id);
    return true;
  }

  #tap(shard: InspectedShard): void {
    if (this.#taps.has(shard) || !isRunning(shard)) return;
    const tap: Tap = new Tap(shard, {
      maxEventsPerSecond: this.#options.maxEventsPerSecond,
      onObservation: (record) => this.#pipeline.push(record),
      onDrop: () => this.#warnOfDrops(),
      onEnd: () => this.#forget(shard, tap),
    });
    this.#taps.set(shard, tap);
  }

  #untap(shard: InspectedShard, tap: Tap): void {
    tap.stop();
    this.#forget(shard, tap);
    this.#server.backlog.forgetAll(tap.rootId);
  }

  #forget(shard: InspectedShard, tap: Tap): void {
    this.#droppedBefore += tap.dropped;
    this.#taps.delete(shard);
  }

  #onFailure(): void {
    this.#droppedBefore += 1;
    this.#warnOfDrops();
  }

  #warnOfDrops(): void {
    if (this.#hasWarnedOfDrops) return;
    this.#hasWarnedOfDrops = true;
    this.#warn(
      'more events happen than are shown. Some are dropped from now on; `dropped` counts them. Raise `maxEventsPerSecond` to see more.',
    );
  }

  #warn(message: string): void {
    try {
      this.#options.logger?.warn(`inspector: ${message}`);
    } catch {
      // A logger that throws must not disturb the shards.
    }
  }
}

const isRunning = ({ actor }: InspectedShard) => actor.getSnapshot().status === 'active';

/** Group of one shard, which never changes. */
const groupOf = (shard: InspectedShard): InspectedGroup => ({
  ids: [shard.id],
  shards: new Map([[shard.id, shard]]),
  on: () => {},
  off: () => {},
});

/**
 * Shows a running shard, or shards of a manager, in the Stately inspector; `url` is a page on this machine for the browser.
 *
 * The page shows no token, no payload and no whole session id. A shard that is not attached costs nothing, an attached one stays
 * within `maxEventsPerSecond`. The inspector does not keep the process alive.
 * @throws ShardError `INVALID_OPTION` for a wrong source or option. Failures to listen reject `ready`.
 */
export function attachInspector(source: InspectedShard | InspectedGroup, options: InspectorOptions = {}): Inspector {
  return new AttachedInspector(source, options);
}
