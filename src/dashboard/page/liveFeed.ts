import type { ShardKey } from '../protocol.js';
import type { Feed, Listener } from './feed.js';

/** Totals come once a second: whoever is silent for so long is gone, whatever the connection says. */
const SILENCE_MS = 8_000;
const RETRY_MS = 2_000;
/** Who runs over the grid with the arrow keys does not mean each shard on the way. */
const SETTLE_MS = 120;

/** The news of shards that run, by server-sent events. */
export class LiveFeed implements Feed {
  readonly #listener: Listener;
  #key: ShardKey | null = null;
  #source: EventSource | null = null;
  #heardAt = 0;
  #opening: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    this.#open();
    setInterval(() => this.#check(), RETRY_MS);
  }

  select(key: ShardKey | null): void {
    if (key === this.#key) return;
    this.#key = key;
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => this.#open(), SETTLE_MS);
  }

  #open(): void {
    this.#source?.close();
    const query = this.#key === null ? '' : `?shard=${encodeURIComponent(this.#key)}`;
    const source = new EventSource(`/events${query}`);
    this.#source = source;
    this.#heardAt = Date.now();
    source.addEventListener('open', () => this.#listener.link('open'));
    source.addEventListener('error', () => this.#listener.link('waiting'));
    for (const kind of ['fleet', 'changes', 'totals', 'shard'] as const) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        this.#heardAt = Date.now();
        this.#listener[kind](JSON.parse(data) as never);
      });
    }
  }

  /** A browser comes back by itself unless it was refused, and does not notice a server that fell silent. */
  #check(): void {
    const isRefused = this.#source?.readyState === EventSource.CLOSED;
    const isSilent = Date.now() - this.#heardAt > SILENCE_MS;
    if (!isRefused && !isSilent) return;
    this.#listener.link('waiting');
    this.#open();
  }
}
