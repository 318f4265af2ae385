import { SimulatorError } from '../simulatorError.js';
import type { Timers } from '../timers.js';
import type { Recorder } from './recorder.js';
import type { RecordedFrame } from './records.js';

/** Promises of a frame that has not come yet. */
export class FrameWaiters {
  readonly #recorder: Recorder;
  readonly #timers: Timers;
  readonly #waiting = new Set<(error: SimulatorError) => void>();

  constructor(recorder: Recorder, timers: Timers) {
    this.#recorder = recorder;
    this.#timers = timers;
  }

  /** Resolves with the next frame that matches. Rejects with `TIMEOUT` after `timeoutMs`, or with the error of {@link rejectAll}. */
  wait(matches: (frame: RecordedFrame) => boolean, timeoutMs: number): Promise<RecordedFrame> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        stopListening();
        cancelTimer();
        this.#waiting.delete(fail);
      };
      const fail = (error: SimulatorError): void => {
        finish();
        reject(error);
      };
      const stopListening = this.#recorder.onFrame((frame) => {
        if (!matches(frame)) return;
        finish();
        resolve(frame);
      });
      const message = `No frame matched within ${timeoutMs} ms. Read \`frames\` for those that came, or wait longer.`;
      const cancelTimer = this.#timers.after(timeoutMs, () => fail(new SimulatorError('TIMEOUT', message, timeoutMs)));
      this.#waiting.add(fail);
    });
  }

  rejectAll(error: SimulatorError): void {
    for (const fail of this.#waiting) fail(error);
  }
}
