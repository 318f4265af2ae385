import type { AuditIncident, AuditShard, AuditTimeline, ShardKey } from '../messages.js';
import { AuditFleet, NO_TOTALS } from './auditFleet.js';
import { AuditShardAt } from './auditShardAt.js';
import { type Feed, type FeedListener, RETRY_MS } from './feed.js';
import { Playback } from './playback.js';

export interface PlayedLogDeps {
  readonly timeline: AuditTimeline;
  readonly listener: FeedListener;
  /** Fetches a shard from the server. */
  readonly ask: (key: ShardKey) => Promise<AuditShard>;
}

/** Feed of a log that is played. Sends what a live server would have sent at each time. */
export class PlayedLog implements Feed {
  readonly lengthMs: number;
  readonly fleet: AuditFleet;
  readonly playback: Playback;
  /** Milliseconds of the last skipped quiet time; 0 after a seek. */
  skipped = 0;
  readonly #listener: FeedListener;
  readonly #ask: PlayedLogDeps['ask'];
  #key: ShardKey | null = null;
  /** The selected shard, once loaded. */
  #shard: AuditShardAt | null = null;

  constructor({ timeline, listener, ask }: PlayedLogDeps) {
    this.lengthMs = timeline.to - timeline.from;
    this.fleet = new AuditFleet(timeline);
    this.playback = new Playback(this.fleet);
    this.#listener = listener;
    this.#ask = ask;
    listener.link('open');
    this.#sendAll();
  }

  select(key: ShardKey | null): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#shard = null;
    if (key !== null && this.fleet.has(key)) void this.#load(key);
  }

  isSelected(key: ShardKey): boolean {
    return key === this.#key;
  }

  /** Plays or pauses; at the end it plays from the start. */
  toggle(): void {
    if (this.playback.isPlaying) return this.playback.pause();
    if (this.playback.isAtEnd) this.seek(this.fleet.from);
    this.playback.play();
  }

  seek(at: number): void {
    this.#jump(at);
    this.#sendAll();
  }

  /** Moves to the selected shard's next step, which flashes its edges, or to the previous one. Pauses there. */
  step(direction: 1 | -1): void {
    const { position } = this.playback;
    const at = this.stepBeside(direction);
    if (at === null) return;
    this.playback.pause();
    if (direction === -1) return this.seek(at);
    this.#jump(at);
    this.#listener.fleet(this.fleet.fleetAt(at));
    this.#sendChanges(position);
  }

  /** Plays for the elapsed time, and sends what happened. */
  advance(elapsedMs: number): void {
    const { playback, fleet } = this;
    if (!playback.isPlaying) return;
    const before = playback.position;
    const skipped = playback.advance(elapsedMs);
    if (skipped > 0) this.skipped = skipped;
    const at = playback.position;
    for (const changes of fleet.changesBetween(before, at)) this.#listener.changes(changes);
    this.#listener.totals({ at, manager: null, ...NO_TOTALS });
    this.#sendChanges(before);
  }

  /** The next or previous incident; null where there is none. */
  incidentBeside(direction: 1 | -1): AuditIncident | null {
    const { position, isPlaying, speed } = this.playback;
    // While playing, back skips an incident that began within the last second: the viewer means the one before.
    const at = direction === -1 && isPlaying ? position - 1_000 * speed : position;
    const { incidents } = this.fleet;
    const isThere = (incident: AuditIncident) => (direction === 1 ? incident.at > at : incident.at < at);
    return (direction === 1 ? incidents.find(isThere) : incidents.findLast(isThere)) ?? null;
  }

  /** Time of the selected shard's next or previous step; null where there is none. */
  stepBeside(direction: 1 | -1): number | null {
    const { position } = this.playback;
    return (direction === 1 ? this.#shard?.nextAfter(position) : this.#shard?.lastBefore(position)) ?? null;
  }

  #jump(at: number): void {
    this.playback.seek(at);
    this.skipped = 0;
  }

  #sendAll(): void {
    this.#listener.fleet(this.fleet.fleetAt(this.playback.position));
    this.#sendShard();
  }

  #sendShard(): void {
    const at = this.playback.position;
    if (this.#key === null || this.#shard === null) return;
    this.#listener.shard(this.#shard.whole(at, this.fleet.stateAt(this.#key, at).state));
  }

  /** Sends the selected shard's changes since a time. */
  #sendChanges(before: number): void {
    const at = this.playback.position;
    if (this.#key === null || this.#shard === null) return;
    const changes = this.#shard.changes(before, at, this.fleet.stateAt(this.#key, at).state);
    if (changes !== null) this.#listener.shard(changes);
  }

  async #load(key: ShardKey): Promise<void> {
    while (this.#key === key) {
      try {
        const shard = new AuditShardAt(await this.#ask(key));
        if (this.#key !== key) return;
        this.#shard = shard;
        this.#listener.link('open');
        return this.#sendShard();
      } catch {
        this.#listener.link('waiting');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
