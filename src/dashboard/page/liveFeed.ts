import type { ShardKey } from '../messages.js';
import { type Feed, type Listener, RETRY_MS } from './feed.js';

/** Totals come once a second: whoever is silent for so long is gone, whatever the connection says. */
const SILENCE_MS = 8_000;
/** Who runs over the grid with the arrow keys does not mean each shard on the way. */
const SETTLE_MS = 120;
/** A browser has six connections to a server, over all its tabs: where the next finds none, the one before gives way. */
const OVERLAP_MS = 1_000;

/** The news of shards that run, by server-sent events. */
export class LiveFeed implements Feed {
  readonly #listener: Listener;
  #key: ShardKey | null = null;
  /** How often another shard was selected. */
  #selections = 0;
  /** Whose news is told. */
  #source: EventSource | null = null;
  /** Takes its place as soon as it is open: without anybody who looks, the server would forget the rates. */
  #next: EventSource | null = null;
  #heardAt = 0;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #yielding: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    this.#open();
    setInterval(() => this.#check(), RETRY_MS);
  }

  select(key: ShardKey | null): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#selections += 1;
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => this.#open(), SETTLE_MS);
  }

  #open(): void {
    this.#next?.close();
    const query = this.#key === null ? '' : `?shard=${encodeURIComponent(this.#key)}`;
    const source = new EventSource(`/events${query}`);
    this.#next = source;
    this.#heardAt = Date.now();
    clearTimeout(this.#yielding);
    this.#yielding = setTimeout(() => {
      if (source.readyState === EventSource.CONNECTING) this.#source?.close();
    }, OVERLAP_MS);
    source.addEventListener('open', () => {
      if (source === this.#next) this.#replace(source);
      this.#listener.link('open');
    });
    source.addEventListener('error', () => {
      // While the one before still tells the news, none is missing.
      if (source === this.#source || this.#source?.readyState !== EventSource.OPEN) this.#listener.link('waiting');
    });
    const selections = this.#selections;
    for (const kind of ['fleet', 'changes', 'totals', 'shard'] as const) {
      source.addEventListener(kind, (event: Event) => {
        this.#heardAt = Date.now();
        // What is told of a shard begins with all of it: the rest of what was told before must not pass for that.
        if (kind === 'shard' && selections !== this.#selections) return;
        this.#listener[kind](JSON.parse((event as MessageEvent).data as string) as never);
      });
    }
  }

  #replace(source: EventSource): void {
    clearTimeout(this.#yielding);
    this.#source?.close();
    this.#source = source;
    this.#next = null;
  }

  /** A browser comes back by itself unless it was refused, and does not notice a server that fell silent. */
  #check(): void {
    const isRefused = (this.#next ?? this.#source)?.readyState === EventSource.CLOSED;
    const isSilent = Date.now() - this.#heardAt > SILENCE_MS;
    if (!isRefused && !isSilent) return;
    if (isSilent || this.#source?.readyState !== EventSource.OPEN) this.#listener.link('waiting');
    this.#open();
  }
}
