import type { ShardKey } from '../messages.js';
import { type Feed, type FeedListener, RETRY_MS } from './feed.js';

/** Totals come once a second. A server that is silent for this long counts as gone, even while connected. */
const SILENCE_MS = 8_000;
/** Arrow keys pass over many shards; only one that stays selected this long gets a stream. */
const SETTLE_MS = 120;
/**
 * A browser opens six connections to a server over all tabs. A new stream that cannot open within this time gets the
 * old one's place.
 */
const OVERLAP_MS = 1_000;

/** Messages of running shards, as server-sent events. */
export class LiveFeed implements Feed {
  readonly #listener: FeedListener;
  #key: ShardKey | null = null;
  /** Number of selections so far. */
  #selections = 0;
  /** The stream in use. */
  #source: EventSource | null = null;
  /**
   * Replaces `#source` once it is open. The old stream stays until then: a server without viewers forgets the rates.
   */
  #next: EventSource | null = null;
  #lastMessageAt = 0;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #yielding: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: FeedListener) {
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
    this.#lastMessageAt = Date.now();
    clearTimeout(this.#yielding);
    this.#yielding = setTimeout(() => {
      if (source.readyState === EventSource.CONNECTING) this.#source?.close();
    }, OVERLAP_MS);
    source.addEventListener('open', () => {
      if (source === this.#next) this.#replace(source);
      this.#listener.link('open');
    });
    source.addEventListener('error', () => {
      // No message is missing while the old stream is open.
      if (source === this.#source || this.#source?.readyState !== EventSource.OPEN) this.#listener.link('waiting');
    });
    const selections = this.#selections;
    for (const kind of ['fleet', 'changes', 'totals', 'shard'] as const) {
      source.addEventListener(kind, (event: Event) => {
        this.#lastMessageAt = Date.now();
        // A shard's messages begin with the whole shard; later messages of the earlier selection must not be taken for
        // it.
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

  /** Reopens the stream: a browser does not retry after a refusal, and does not notice a silent server. */
  #check(): void {
    const isRefused = (this.#next ?? this.#source)?.readyState === EventSource.CLOSED;
    const isSilent = Date.now() - this.#lastMessageAt > SILENCE_MS;
    if (!isRefused && !isSilent) return;
    if (isSilent || this.#source?.readyState !== EventSource.OPEN) this.#listener.link('waiting');
    this.#open();
  }
}
