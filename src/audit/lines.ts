import type { TransitionRecord } from '../events.js';
import type { ChartEvent } from '../transitions.js';
import { checkOf, NO_CHECK } from './checksum.js';
import type { ReplayRecord } from './record.js';
import { AUDIT_VERSION } from './version.js';

/** Writes records as the lines of one run: numbered from 1, each with the checksum of all up to it. */
export class Lines {
  #n = 0;
  #check = NO_CHECK;

  /** The next line is the first of a run again. */
  restart(): void {
    this.#n = 0;
    this.#check = NO_CHECK;
  }

  /** The line of a record, with its end. */
  next(record: TransitionRecord, isFirstOfShard: boolean): string {
    // First, so that a record that cannot be written leaves a gap to be seen.
    this.#n += 1;
    const { at, shardId, from, to, event, decision, session, since = [], start }: ReplayRecord = record;
    const line = JSON.stringify({
      v: AUDIT_VERSION,
      n: this.#n,
      at,
      shardId,
      from,
      to,
      event: writable(event),
      decision,
      session,
      since: since.map(writable),
      ...(isFirstOfShard && start !== undefined && { start }),
    });
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
