import type { Convert, Frame } from './conversion.js';
import type { Seen } from './observation.js';

export interface PipelineParts {
  readonly shown: (frame: Frame) => void;
  /** The actor has ended. */
  readonly gone: (sessionId: string) => void;
  /** It could not be converted. */
  readonly failed: () => void;
}

/** What may wait to be converted. */
const MAX_WAITING = 10_000;

/** How long one turn of the event loop may be spent on it: heartbeats come first. */
const SLICE_MS = 2;

/** Converts what was seen, in order, apart from the events themselves and in slices. */
export class Pipeline {
  readonly #parts: PipelineParts;
  #waiting: Seen[] = [];
  #next = 0;
  #convert: Convert | null = null;
  #turn: NodeJS.Immediate | null = null;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  open(convert: Convert): void {
    this.#convert = convert;
    this.#goOn();
  }

  close(): void {
    this.#convert = null;
    this.#waiting = [];
    this.#next = 0;
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
  }

  /** Takes it, unless too much waits; beginnings and ends of actors, which are few, always. */
  push(seen: Seen): boolean {
    const { kind } = seen.sighting;
    if (this.waiting >= MAX_WAITING && (kind === 'event' || kind === 'snapshot')) return false;
    this.#waiting.push(seen);
    this.#goOn();
    return true;
  }

  #goOn(): void {
    if (this.#convert === null || this.waiting === 0) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = null;
      this.#slice();
      this.#goOn();
    }).unref();
  }

  #slice(): void {
    const until = performance.now() + SLICE_MS;
    do {
      const seen = this.#waiting[this.#next];
      if (seen === undefined) break;
      this.#next += 1;
      this.#show(seen);
    } while (performance.now() < until);
    if (this.waiting > 0 && this.#next < MAX_WAITING) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  #show(seen: Seen): void {
    if (!seen.isWanted() || this.#convert === null) return;
    const { kind, ref } = seen.sighting;
    if (kind === 'gone') return this.#parts.gone(ref.sessionId);
    const frame = this.#convert(seen);
    if (frame === null) this.#parts.failed();
    else this.#parts.shown(frame);
  }
}
