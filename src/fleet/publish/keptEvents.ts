/** An event of a shard, published or not. */
export interface KeptEvent {
  /** Mark of its session. */
  readonly mark: string;
  readonly sequence: number;
  /** Sequence that it follows: what lies between the two will never come. */
  readonly after: number;
  /** True if its session begins with it: READY, as a rule. */
  readonly isFirst: boolean;
  readonly text: string;
}

/** Most text that waits to be published, in characters. */
const MAX_WAITING_LENGTH = 16 * 1024 ** 2;

/** Published events that are kept for a Redis that loses its last writes: the less of the two. */
const MAX_RECENT = 1_000;
const MAX_RECENT_LENGTH = 2 * 1024 ** 2;

/** Most events, and about the most text, of one script: Redis does nothing else for as long as it runs. */
const MAX_BATCH = 256;
const MAX_BATCH_LENGTH = 1024 ** 2;

export interface KeptEventsLimits {
  readonly waitingLength?: number;
  readonly recent?: number;
}

/** The last events of a shard in their order: those that were published, then those that wait. Both are bounded. */
export class KeptEvents {
  readonly #maxWaitingLength: number;
  readonly #maxRecent: number;
  #events: KeptEvent[] = [];
  /** Number of events at the beginning that were published. */
  #published = 0;
  #recentLength = 0;
  #waitingLength = 0;

  constructor({ waitingLength = MAX_WAITING_LENGTH, recent = MAX_RECENT }: KeptEventsLimits = {}) {
    this.#maxWaitingLength = waitingLength;
    this.#maxRecent = recent;
  }

  get waiting(): number {
    return this.#events.length - this.#published;
  }

  get isFull(): boolean {
    return this.#waitingLength >= this.#maxWaitingLength;
  }

  /** True if an event of this session is kept. */
  has(mark: string): boolean {
    return this.#events.some((event) => event.mark === mark);
  }

  push(event: KeptEvent): void {
    this.#events.push(event);
    this.#waitingLength += event.text.length;
  }

  /** The next events that one script may publish: those of one session. */
  next(limit: number = MAX_BATCH): readonly KeptEvent[] {
    const batch: KeptEvent[] = [];
    let length = 0;
    for (let index = this.#published; index < this.#events.length && batch.length < limit; index += 1) {
      const event = this.#events[index] as KeptEvent;
      const previous = batch.at(-1);
      if (previous !== undefined) {
        if (event.mark !== previous.mark || length + event.text.length > MAX_BATCH_LENGTH) break;
      }
      batch.push(event);
      length += event.text.length;
    }
    return batch;
  }

  /** Everything up to this event was published. */
  onPublished(event: KeptEvent): void {
    this.#moveTo(Math.max(this.#published, this.#events.indexOf(event, this.#published) + 1));
    this.#trim();
  }

  /**
   * Lets what was kept behind a position wait again: all of it where the position's session is not among it. Answers the event
   * that is next then; null where there is none.
   */
  rewind(mark: string, sequence: number): KeptEvent | null {
    const last = this.#events.findLastIndex((event) => event.mark === mark && event.sequence <= sequence);
    const first = this.#events.findIndex((event) => event.mark === mark);
    this.#moveTo(Math.min(this.#published, last === -1 ? Math.max(0, first) : last + 1));
    return this.#events[this.#published] ?? null;
  }

  /** Changes the event that is published next. */
  amendNext(change: Partial<Pick<KeptEvent, 'after' | 'isFirst'>>): void {
    const event = this.#events[this.#published];
    if (event !== undefined) this.#events[this.#published] = { ...event, ...change };
  }

  /** Forgets the events of a session, or of all others. Answers how many of them waited. */
  forget(isGone: (mark: string) => boolean): number {
    const { waiting } = this;
    const recent = this.#events.slice(0, this.#published).filter(({ mark }) => !isGone(mark));
    this.#events = [...recent, ...this.#events.slice(this.#published).filter(({ mark }) => !isGone(mark))];
    this.#published = recent.length;
    this.#recentLength = lengthOf(recent);
    this.#waitingLength = lengthOf(this.#events) - this.#recentLength;
    return waiting - this.waiting;
  }

  #moveTo(published: number): void {
    const [from, to] = published < this.#published ? [published, this.#published] : [this.#published, published];
    const length = lengthOf(this.#events.slice(from, to)) * (published < this.#published ? -1 : 1);
    this.#published = published;
    this.#recentLength += length;
    this.#waitingLength -= length;
  }

  #trim(): void {
    let count = 0;
    while (this.#published - count > this.#maxRecent || this.#recentLength > MAX_RECENT_LENGTH) {
      this.#recentLength -= (this.#events[count] as KeptEvent).text.length;
      count += 1;
    }
    if (count > 0) this.#events.splice(0, count);
    this.#published -= count;
  }
}

const lengthOf = (events: readonly KeptEvent[]) => events.reduce((sum, { text }) => sum + text.length, 0);
