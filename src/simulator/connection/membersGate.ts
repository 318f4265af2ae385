/**
 * Limit on requests for all members: one for each guild in a window, whichever shard asks.
 *
 * A refused request does not start the window again.
 * See [Discord Docs/Request Guild Members](https://docs.discord.com/developers/events/gateway-events#request-guild-members).
 */
export class MembersGate {
  readonly #windowMs: number;
  readonly #nextAt = new Map<string, number>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes the guild's turn and returns 0; or returns the milliseconds until the guild has one again. */
  take(guildId: string, now: number): number {
    const waitMs = (this.#nextAt.get(guildId) ?? now) - now;
    // Clocks and networks jitter: a client that waits the whole window may be seen a little early.
    if (waitMs > Math.min(50, this.#windowMs / 10)) return waitMs;
    this.#nextAt.set(guildId, now + this.#windowMs);
    return 0;
  }
}
