import type { Convert, Frame } from './conversion.js';
import type { ObservationRecord } from './observation.js';

export interface PipelineDeps {
  readonly onFrame: (frame: Frame) => void;
  /** Called when an actor has ended, with its session id. */
  readonly onActorEnd: (sessionId: string) => void;
  /** Called for an observation that could not be converted. */
  readonly onFailure: () => void;
}

/** Most observations that wait to be converted. */
const MAX_WAITING = 10_000;

/** Longest time in one turn of the event loop: heartbeats come first. */
const SLICE_MS = 2;

/** Converts observations in order, later than they happen and in slices. */
export class Pipeline {
  readonly #deps: PipelineDeps;
  #waiting: ObservationRecord[] = [];
  #next = 0;
  #convert: Convert | null = null;
  #turn: NodeJS.Immediate | null = null;

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  open(convert: Convert): void {
    this.#convert = convert;
    this.#schedule();
  }

  close(): void {
    this.#convert = null;
    this.#waiting = [];
    this.#next = 0;
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
  }

  /** Queues an observation. False where too many wait; starts and ends of actors, which are few, are always queued. */
  push(record: ObservationRecord): boolean {
    const { kind } = record.observation;
    if (this.waiting >= MAX_WAITING && (kind === 'event' || kind === 'snapshot')) return false;
    this.#waiting.push(record);
    this.#schedule();
    return true;
  }

  #schedule(): void {
    if (this.#convert === null || this.waiting === 0) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = null;
      this.#convertSlice();
      this.#schedule();
    }).unref();
  }

  #convertSlice(): void {
    const until = performance.now() + SLICE_MS;
    do {
      const record = this.#waiting[this.#next];
      if (record === undefined) break;
      this.#next += 1;
      this.#show(record);
    } while (performance.now() < until);
    if (this.waiting > 0 && this.#next < MAX_WAITING) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  #show(record: ObservationRecord): void {
    if (!record.isWanted() || this.#convert === null) return;
    const { kind, ref } = record.observation;
    if (kind === 'gone') return this.#deps.onActorEnd(ref.sessionId);
    const frame = this.#convert(record);
    if (frame === null) this.#deps.onFailure();
    else this.#deps.onFrame(frame);
  }
}
