import type { TransitionRecord } from '../shard/events.js';
import type { ChartEvent } from '../shard/steps.js';
import { checkOf, NO_CHECK } from './checksum.js';
import type { ReplayRecord } from './record.js';
import { AUDIT_VERSION } from './version.js';

/** Longest line in characters. A longer one is neither written nor read. */
export const MAX_LINE_LENGTH = 2 * 1_024 * 1_024;

/** The records of one shard in one run, from its first to its last. */
export interface Life {
  /** Number of the life in its run, from 1. */
  readonly number: number;
  /** True once a line has the `start` of the life. */
  hasBegun: boolean;
}

/** Formats records as the lines of one run: numbered from 1, each with the checksum of all lines up to it. */
export class Lines {
  #n = 0;
  #check = NO_CHECK;
  /** Checksum of the last line that is in the log. */
  #after: string | null;

  constructor(after: string | null = null) {
    this.#after = after;
  }

  /** Starts a run: the next line is its first. */
  restart(): void {
    this.#n = 0;
    this.#check = NO_CHECK;
  }

  /** Confirms that the last line goes into the log. */
  taken(life: Life): void {
    this.#after = this.#check;
    life.hasBegun = true;
  }

  /** Formats a record as a line, with its line feed. */
  next(record: TransitionRecord, life: Life): string {
    // Counted first: a record that cannot be written leaves a visible gap in the numbers.
    this.#n += 1;
    const { at, shardId, from, to, event, decision, session, since = [], start }: ReplayRecord = record;
    const line = JSON.stringify({
      v: AUDIT_VERSION,
      n: this.#n,
      ...(this.#n === 1 && { after: this.#after }),
      at,
      shardId,
      life: life.number,
      from,
      to,
      event: writable(event),
      decision,
      session,
      since: since.map(writable),
      ...(!life.hasBegun && start !== undefined && { start }),
    });
    if (line.length > MAX_LINE_LENGTH) throw new RangeError(`it is longer than ${MAX_LINE_LENGTH} characters`);
    this.#check = checkOf(line, this.#check);
    return `${line.slice(0, -1)},"check":"${this.#check}"}\n`;
  }
}

/**
 * Makes an event writable as JSON. Errors are dropped: their properties may hold anything, such as a request with its token,
 * and the chart reads none of them. Infinity, as from a server's Retry-After, becomes the largest number: JSON would make
 * it null.
 */
function writable(event: ChartEvent): ChartEvent {
  const entries = Object.entries(event);
  if (entries.every(([, value]) => !(value instanceof Error || value === Infinity))) return event;
  return Object.fromEntries(
    entries
      .filter(([, value]) => !(value instanceof Error))
      .map(([key, value]) => [key, value === Infinity ? Number.MAX_VALUE : value]),
  ) as unknown as ChartEvent;
}
