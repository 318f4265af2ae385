import { ShardError } from '../util/errors.js';
import { handled } from '../util/handled.js';
import { reportTo } from '../util/logger.js';
import { loadConversion } from './conversion.js';
import { InspectorError } from './errors.js';
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
import { Relay } from './viewerServer.js';
import { createScrub } from './redact.js';
import { Tap } from './tap.js';

/** Shards shown in the Stately inspector. Made by {@link attachInspector}. */
export interface Inspector extends AsyncDisposable {
  /** Resolves when the page can be opened. Rejects with an InspectorError: then nothing is attached any more. */
  readonly ready: Promise<void>;
  /** The page, `http://127.0.0.1:PORT/`, and as `ws:` what a viewer connects to; null until ready and after `stop`. */
  readonly url: string | null;
  /** The ids of the shards that are shown now. */
  readonly attached: readonly number[];
  /** Viewers connected now. */
  readonly viewers: number;
  /** Events and snapshots that were not shown, most of them for coming faster than `maxEventsPerSecond`. */
  readonly dropped: number;
  /**
   * Shows this shard too, from now on or from when it is made.
   * @throws ShardError `UNKNOWN_SHARD`; InspectorError `CLOSED`
   */
  attach(shardId: number): void;
  /** Shows this shard no more, and leaves it as it was before. */
  detach(shardId: number): void;
  /** Detaches all shards and closes the page's server with all its connections. Never rejects. */
  stop(): Promise<void>;
}

/** As many as one can look at; an inspected shard costs more than one that is not. */
const FIRST_SHARDS = 8;

class AttachedInspector implements Inspector {
  readonly ready: Promise<void>;
  readonly #options: ResolvedInspectorOptions;
  readonly #group: InspectedGroup;
  readonly #relay: Relay;
  readonly #pipeline: Pipeline;
  readonly #taps = new Map<InspectedShard, Tap>();
  readonly #wanted: Set<number>;
  readonly #unwanted = new Set<number>();
  #droppedBefore = 0;
  #hasToldOfDrops = false;
  #stopped: Promise<void> | null = null;

  constructor(source: InspectedShard | InspectedGroup, options: InspectorOptions) {
    checkInspected(source);
    this.#options = resolveInspectorOptions(options);
    const { port, host, page, shards = [] } = this.#options;
    this.#wanted = new Set(shards);
    this.#group = isGroup(source) ? source : groupOf(source);
    this.#relay = new Relay({ port, host, page, warn: (message) => this.#warn(message) });
    this.#pipeline = new Pipeline({
      shown: (frame) => this.#relay.publish(frame),
      gone: (sessionId) => this.#relay.replay.forget(sessionId),
      failed: () => this.#drop(1),
    });
    this.#group.on('shard', this.#made);
    for (const shard of this.#all()) this.#made(shard);
    this.ready = handled(this.#start());
  }

  get url(): string | null {
    return this.#relay.url;
  }

  get attached(): readonly number[] {
    // A chart that has thrown tells nobody of its end.
    const running = [...this.#taps.keys()].filter(isRunning);
    return [...new Set(running.map(({ id }) => id))].toSorted((one, other) => one - other);
  }

  get viewers(): number {
    return this.#relay.viewers;
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
      const convert = await loadConversion(createScrub(secrets));
      await this.#relay.listen();
      if (this.#stopped !== null) throw new InspectorError('CLOSED', 'The inspector was stopped before it was ready.');
      this.#pipeline.open(convert);
    } catch (error) {
      // Whoever does not await `ready` hears of it too, unless they have ended it themselves.
      if (this.#stopped === null) reportTo({ logger })(error as Error);
      void this.stop();
      throw error;
    }
    if (autoOpen && this.url !== null) openInBrowser(this.url, (message) => this.#warn(message));
  }

  async #stop(): Promise<void> {
    this.#group.off('shard', this.#made);
    for (const [shard, tap] of this.#taps) this.#untap(shard, tap);
    this.#pipeline.close();
    // What has not begun to listen cannot be closed yet.
    await this.ready.catch(() => {});
    await this.#relay.close();
  }

  #all(): InspectedShard[] {
    return [...this.#group.shards.values(), ...(this.#group.otherShards ?? [])];
  }

  readonly #made = (shard: InspectedShard): void => {
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
      pass: (seen) => this.#pipeline.push(seen),
      dropped: () => this.#tellOfDrops(),
      ended: () => this.#forget(shard, tap),
    });
    this.#taps.set(shard, tap);
  }

  #untap(shard: InspectedShard, tap: Tap): void {
    tap.stop();
    this.#forget(shard, tap);
    this.#relay.replay.forgetAll(tap.rootId);
  }

  #forget(shard: InspectedShard, tap: Tap): void {
    this.#droppedBefore += tap.dropped;
    this.#taps.delete(shard);
  }

  #drop(count: number): void {
    this.#droppedBefore += count;
    this.#tellOfDrops();
  }

  #tellOfDrops(): void {
    if (this.#hasToldOfDrops) return;
    this.#hasToldOfDrops = true;
    this.#warn('more happens than the inspector shows: some of it is dropped from now on, and counted');
  }

  #warn(message: string): void {
    try {
      this.#options.logger?.warn(`inspector: ${message}`);
    } catch {
      // A logger that fails is no reason to disturb the shards.
    }
  }
}

const isRunning = ({ actor }: InspectedShard) => actor.getSnapshot().status === 'active';

/** One shard as a group that stays as it is. */
const groupOf = (shard: InspectedShard): InspectedGroup => ({
  ids: [shard.id],
  shards: new Map([[shard.id, shard]]),
  on: () => {},
  off: () => {},
});

/**
 * Shows a running shard, or shards of a manager, in the Stately inspector: `url` is a page on this machine for the
 * browser. What is shown holds no token, no payload and no whole session id. A shard that is not attached costs nothing; one that is stays
 * within `maxEventsPerSecond`. It keeps no process alive.
 * @throws ShardError `INVALID_OPTION`
 */
export function attachInspector(source: InspectedShard | InspectedGroup, options: InspectorOptions = {}): Inspector {
  return new AttachedInspector(source, options);
}
