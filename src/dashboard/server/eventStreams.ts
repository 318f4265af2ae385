import type { ServerResponse } from 'node:http';
import { PerSecond } from '../../util/perSecond.js';
import type { ShardKey } from '../messages.js';
import type { Send, Source } from '../source.js';

/** What may wait for one viewer: one that is further behind has stalled. Its EventSource comes back and is told all anew. */
const MAX_BUFFERED_BYTES = 1_048_576;

const MAX_STREAMS = 32;
/** Each is told the whole fleet first. */
const MAX_NEW_STREAMS_PER_SECOND = 20;

/** How long a browser waits before it comes back. */
const RETRY_MS = 1_000;

/** One server-sent event. JSON has no line breaks of its own. */
export function eventFrame(name: string, message: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`;
}

/** The viewers, each with a stream of what happens. */
export class Streams {
  readonly #follow: NonNullable<Source['follow']>;
  readonly #warn: (message: string) => void;
  readonly #open = new Set<ServerResponse>();
  readonly #newStreams = new PerSecond(MAX_NEW_STREAMS_PER_SECOND);
  #hasToldOfStall = false;

  constructor(follow: NonNullable<Source['follow']>, warn: (message: string) => void) {
    this.#follow = follow;
    this.#warn = warn;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether there is room for one more now. */
  admits(): boolean {
    return this.#open.size < MAX_STREAMS && this.#newStreams.take();
  }

  /** Tells this viewer what happens, from now until it goes. Its head has been written. */
  open(response: ServerResponse, key: ShardKey | null): void {
    let stop: (() => void) | null = null;
    this.#open.add(response);
    response.on('close', () => {
      this.#open.delete(response);
      stop?.();
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    stop = this.#follow(key, this.#sender(response));
  }

  /** Tells nobody any more. */
  close(): void {
    for (const response of this.#open) response.destroy();
    this.#open.clear();
  }

  #sender(response: ServerResponse): Send {
    return (frame) => {
      if (response.destroyed) return;
      if (response.writableLength <= MAX_BUFFERED_BYTES) return void response.write(frame);
      response.destroy();
      if (this.#hasToldOfStall) return;
      this.#hasToldOfStall = true;
      this.#warn('a viewer does not keep up: its connection is closed, as that of any other who does not will be');
    };
  }
}
