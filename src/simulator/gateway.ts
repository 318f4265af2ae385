import type { IdentifyGate } from './connection/identifyGate.js';
import type { MembersGate } from './connection/membersGate.js';
import type { SessionBook } from './connection/sessionBook.js';
import type { FaultQueue } from './faults/faultQueue.js';
import type { ResolvedOptions } from './resolveOptions.js';
import type { Recorder } from './records/recorder.js';
import type { Timers } from './timers.js';

/** State that all connections of one simulator share. */
export interface Gateway {
  readonly options: ResolvedOptions;
  readonly recorder: Recorder;
  readonly sessions: SessionBook;
  readonly identifyGate: IdentifyGate;
  readonly membersGate: MembersGate;
  readonly faults: FaultQueue;
  readonly timers: Timers;
  /** First gateway URL without a path: `ws://HOST:PORT`. */
  readonly url: string;
}

/** Path of `resume_gateway_url`. The first URL has the path `/`, so a test sees which of the two a connection used. */
export const RESUME_PATH = '/resume';
