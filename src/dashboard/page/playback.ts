/** Factors of the original speed. */
export const SPEEDS = [1, 10, 60, 600] as const;
export type Speed = (typeof SPEEDS)[number];

/** Quiet stretches that would play longer than this are skipped. */
const QUIET_MS = 3_000;
/** Playing time kept at either end of a skipped stretch. */
const MARGIN_MS = 1_000;

/** Times at which something happens. */
export interface EventTimes {
  /** First and last record. */
  readonly from: number;
  readonly to: number;
  /** Time of the next event; null where there is none. */
  nextAfter(at: number): number | null;
  /** Time of the last event up to `at`. */
  lastUpTo(at: number): number;
}

/** Position within a log that is played. Uses no clock: `advance` receives the elapsed time. */
export class Playback {
  speed: Speed = 10;
  skipsQuiet = true;
  readonly #times: EventTimes;
  /** Kept with fractions of a millisecond for slow playback. */
  #position: number;
  #isPlaying = false;

  /** Starts at the end, which shows the outcome. */
  constructor(times: EventTimes) {
    this.#times = times;
    this.#position = times.to;
  }

  /** Milliseconds since the epoch, whole as in the records. */
  get position(): number {
    return Math.min(Math.floor(this.#position), this.#times.to);
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#times.to;
  }

  play(): void {
    this.#isPlaying = true;
  }

  pause(): void {
    this.#isPlaying = false;
  }

  seek(at: number): void {
    const { from, to } = this.#times;
    this.#position = Math.min(Math.max(at, from), to);
  }

  /** Plays for the elapsed time. Returns the milliseconds of quiet time that were skipped. */
  advance(elapsedMs: number): number {
    if (!this.#isPlaying) return 0;
    this.seek(this.#position + elapsedMs * this.speed);
    const skipped = this.skipsQuiet ? this.#quietAhead() : 0;
    this.#position += skipped;
    if (this.isAtEnd) this.pause();
    return skipped;
  }

  /** Milliseconds of quiet time that can be skipped from here. */
  #quietAhead(): number {
    const { to } = this.#times;
    const margin = MARGIN_MS * this.speed;
    if (this.#position < this.#times.lastUpTo(this.#position) + margin) return 0;
    const ahead = (this.#times.nextAfter(this.#position) ?? to) - margin - this.#position;
    return ahead > QUIET_MS * this.speed ? ahead : 0;
  }
}
