import type { ServerResponse } from 'node:http';
import { PerSecond } from '../../util/perSecond.js';
import type { ShardKey } from '../messages.js';
import type { Send, Source } from '../source.js';

/** A viewer with more unsent bytes is disconnected. Its EventSource reconnects and starts with a whole fleet. */
const MAX_BUFFERED_BYTES = 1_048_576;

const MAX_STREAMS = 32;
/** Each new stream begins with the whole fleet. */
const MAX_NEW_STREAMS_PER_SECOND = 20;

/** Wait before a browser reconnects. */
const RETRY_MS = 1_000;

/** Formats a server-sent event. JSON contains no line breaks, which would end it. */
export function eventFrame(name: string, message: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`;
}

/** The event streams of all viewers. */
export class EventStreams {
  readonly #follow: NonNullable<Source['follow']>;
  readonly #warn: (message: string) => void;
  readonly #open = new Set<ServerResponse>();
  readonly #newStreams = new PerSecond(MAX_NEW_STREAMS_PER_SECOND);
  #hasWarnedOfStall = false;

  constructor(follow: NonNullable<Source['follow']>, warn: (message: string) => void) {
    this.#follow = follow;
    this.#warn = warn;
  }

  get size(): number {
    return this.#open.size;
  }

  /** True where one more stream may open now. */
  admits(): boolean {
    return this.#open.size < MAX_STREAMS && this.#newStreams.take();
  }

  /** Sends events to a viewer until it goes. The response's head must have been written. */
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

  /** Ends all streams. */
  close(): void {
    for (const response of this.#open) response.destroy();
    this.#open.clear();
  }

  #sender(response: ServerResponse): Send {
    return (frame) => {
      if (response.destroyed) return;
      if (response.writableLength <= MAX_BUFFERED_BYTES) return void response.write(frame);
      response.destroy();
      if (this.#hasWarnedOfStall) return;
      this.#hasWarnedOfStall = true;
      this.#warn(
        'a viewer is too slow, and its connection was closed; other slow ones will be closed without a warning',
      );
    };
  }
}
