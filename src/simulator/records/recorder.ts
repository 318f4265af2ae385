import { BoundedLog } from './boundedLog.js';
import type { IdentifyRecord, LogEntry, RecordedFrame, Violation } from './records.js';

export interface RecorderOptions {
  /** True keeps frames. */
  readonly record: boolean;
  readonly maxFrames: number;
  readonly now: () => number;
}

/** A record whose time the recorder fills in. */
type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Records what happened on the wire, for tests to assert on. */
export class Recorder {
  readonly #frames: BoundedLog<RecordedFrame>;
  readonly #log: BoundedLog<LogEntry>;
  readonly #violations: BoundedLog<Violation>;
  readonly #identifies: BoundedLog<IdentifyRecord>;
  readonly #options: RecorderOptions;
  readonly #listeners = new Set<(frame: RecordedFrame) => void>();

  constructor(options: RecorderOptions) {
    const { maxFrames } = options;
    this.#options = options;
    this.#frames = new BoundedLog(maxFrames);
    this.#log = new BoundedLog(maxFrames);
    this.#violations = new BoundedLog(maxFrames);
    this.#identifies = new BoundedLog(maxFrames);
  }

  get frames(): RecordedFrame[] {
    return this.#frames.toArray();
  }

  get log(): LogEntry[] {
    return this.#log.toArray();
  }

  get violations(): Violation[] {
    return this.#violations.toArray();
  }

  get identifies(): IdentifyRecord[] {
    return this.#identifies.toArray();
  }

  /** False where no frame has to be built, because nothing keeps it or listens. */
  get needsFrames(): boolean {
    return this.#options.record || this.#listeners.size > 0;
  }

  addFrame(frame: RecordedFrame): void {
    if (this.#options.record) this.#frames.push(frame);
    for (const listener of this.#listeners) listener(frame);
  }

  addLogEntry(entry: Unstamped<LogEntry>): void {
    this.#log.push({ at: this.#options.now(), ...entry });
  }

  addViolation(violation: Unstamped<Violation>): void {
    this.#violations.push({ at: this.#options.now(), ...violation });
  }

  addIdentify(identify: IdentifyRecord): void {
    this.#identifies.push(identify);
  }

  /** Calls `listener` with every frame from now on. The returned function stops that. */
  onFrame(listener: (frame: RecordedFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
