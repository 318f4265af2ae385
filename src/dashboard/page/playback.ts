/** How many times as fast as it was. */
export const SPEEDS = [1, 10, 60, 600] as const;
export type Speed = (typeof SPEEDS)[number];

/** A stretch in which nothing happens is passed over where it would last longer than this. */
const QUIET_MS = 3_000;
/** What is still played of it at both ends. */
const MARGIN_MS = 1_000;

/** When things happen. */
export interface Happenings {
  /** From the first record to the last. */
  readonly from: number;
  readonly to: number;
  /** When the next is after a moment; null where there is none. */
  nextAfter(at: number): number | null;
  /** When the last was, up to a moment. */
  lastUpTo(at: number): number;
}

/** The moment of a log that is played. There is no clock in it: it is told how much time has passed. */
export class Playback {
  speed: Speed = 10;
  skipsQuiet = true;
  readonly #happenings: Happenings;
  /** With the part of a millisecond a slow playback leaves. */
  #position: number;
  #isPlaying = false;

  /** Begins at the end: it shows how things came out. */
  constructor(happenings: Happenings) {
    this.#happenings = happenings;
    this.#position = happenings.to;
  }

  /** In whole milliseconds since the epoch, as the records have it. */
  get position(): number {
    return Math.min(Math.floor(this.#position), this.#happenings.to);
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#happenings.to;
  }

  play(): void {
    this.#isPlaying = true;
  }

  pause(): void {
    this.#isPlaying = false;
  }

  seek(at: number): void {
    const { from, to } = this.#happenings;
    this.#position = Math.min(Math.max(at, from), to);
  }

  /** So much time has passed. Returns how much quiet time was skipped, in milliseconds of the log. */
  advance(elapsedMs: number): number {
    if (!this.#isPlaying) return 0;
    this.seek(this.#position + elapsedMs * this.speed);
    const skipped = this.skipsQuiet ? this.#quiet() : 0;
    this.#position += skipped;
    if (this.isAtEnd) this.pause();
    return skipped;
  }

  /** How far it may jump from here. */
  #quiet(): number {
    const { to } = this.#happenings;
    const margin = MARGIN_MS * this.speed;
    if (this.#position < this.#happenings.lastUpTo(this.#position) + margin) return 0;
    const ahead = (this.#happenings.nextAfter(this.#position) ?? to) - margin - this.#position;
    return ahead > QUIET_MS * this.speed ? ahead : 0;
  }
}
