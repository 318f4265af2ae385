import type { FaultQueue } from './faults/faultQueue.js';
import type { IdentifyGate } from './connection/identifyGate.js';
import type { Settings } from './options.js';
import type { Recorder } from './records/recorder.js';
import type { SessionBook } from './connection/sessionBook.js';
import type { Timers } from './timers.js';

/** What the connections of one simulator share. */
export interface Gateway {
  readonly settings: Settings;
  readonly recorder: Recorder;
  readonly sessions: SessionBook;
  readonly identifyGate: IdentifyGate;
  readonly faults: FaultQueue;
  readonly timers: Timers;
  /** `ws://…` of the server, without a path. */
  readonly url: string;
}

/** Path of `resume_gateway_url`, by which a test tells it from the first URL. */
export const RESUME_PATH = '/resume';
