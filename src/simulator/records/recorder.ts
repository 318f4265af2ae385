import { BoundedLog } from './boundedLog.js';
import type { IdentifyRecord, LogEntry, RecordedFrame, Violation } from './records.js';

/** Everything a test may assert on. */
export class Recorder {
  readonly frames: BoundedLog<RecordedFrame>;
  readonly log: BoundedLog<LogEntry>;
  readonly violations: BoundedLog<Violation>;
  readonly identifies: BoundedLog<IdentifyRecord>;
  readonly #record: boolean;
  readonly #listeners = new Set<(frame: RecordedFrame) => void>();

  constructor(record: boolean, max: number) {
    this.#record = record;
    this.frames = new BoundedLog(max);
    this.log = new BoundedLog(max);
    this.violations = new BoundedLog(max);
    this.identifies = new BoundedLog(max);
  }

  /** False where a frame would be built for nobody. */
  get wantsFrames(): boolean {
    return this.#record || this.#listeners.size > 0;
  }

  frame(frame: RecordedFrame): void {
    if (this.#record) this.frames.push(frame);
    for (const listener of this.#listeners) listener(frame);
  }

  onFrame(listener: (frame: RecordedFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
