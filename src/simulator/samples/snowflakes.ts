/** Discord's epoch, the first second of 2015, in milliseconds since 1970. */
const DISCORD_EPOCH_MS = 1_420_070_400_000;
/** Bits of a snowflake below its time. */
const LOW_BITS = 22n;

/**
 * Makes ids that are unique and increase, each with the time of its making.
 *
 * See [Discord Docs/Snowflakes](https://docs.discord.com/developers/reference#snowflakes).
 */
export class Snowflakes {
  readonly #now: () => number;
  #last = 0n;

  /** `now` returns milliseconds since 1970; an earlier time than Discord's epoch counts as the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  next(): string {
    const sinceEpochMs = Math.max(0, Math.floor(this.#now()) - DISCORD_EPOCH_MS);
    const first = BigInt(sinceEpochMs) << LOW_BITS;
    this.#last = first > this.#last ? first : this.#last + 1n;
    return String(this.#last);
  }
}

/** Time in a snowflake, as Discord writes times: `2026-01-31T12:00:00.000000+00:00`. */
export function timestampOf(snowflake: string): string {
  const at = new Date(Number(BigInt(snowflake) >> LOW_BITS) + DISCORD_EPOCH_MS);
  return at.toISOString().replace('Z', '000+00:00');
}
