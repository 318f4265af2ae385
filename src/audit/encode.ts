import type { TransitionRecord } from '../shard/events.js';
import type { ChartEvent } from '../shard/steps.js';
import { checkOf, NO_CHECK } from './checksum.js';
import type { ReplayRecord } from './record.js';
import { AUDIT_VERSION } from './version.js';

/** Characters a line may have. A longer one is neither written nor read. */
export const MAX_LINE_LENGTH = 2 * 1_024 * 1_024;

/** What a shard does from its first record in a run to the last. */
export interface Life {
  /** From 1, within its run. */
  readonly number: number;
  /** Whether it has a line already, which says what it started from. */
  hasBegun: boolean;
}

/** Writes records as the lines of one run: numbered from 1, each with the checksum of all up to it. */
export class Lines {
  #n = 0;
  #check = NO_CHECK;
  /** Checksum of the last line that is in the log. */
  #after: string | null;

  constructor(after: string | null = null) {
    this.#after = after;
  }

  /** The next line is the first of a run again. */
  restart(): void {
    this.#n = 0;
    this.#check = NO_CHECK;
  }

  /** The line that was made last goes into the log. */
  taken(life: Life): void {
    this.#after = this.#check;
    life.hasBegun = true;
  }

  /** The line of a record, with its end. */
  next(record: TransitionRecord, life: Life): string {
    // First, so that a record that cannot be written leaves a gap to be seen.
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
 * An event as JSON can write it. An error's own properties may hold anything (an HTTP client's, the request with its
 * token), and the chart reads none of them; Infinity, which a server's Retry-After can come to, JSON would make null.
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
