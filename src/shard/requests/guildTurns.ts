import type { RequestTurn } from './request.js';

/**
 * Requests for all members of a guild: Discord answers one for each guild and bot in 30 s, and others with RATE_LIMITED.
 *
 * See [Discord Docs/Request Guild Members](https://docs.discord.com/developers/events/gateway-events#request-guild-members).
 */
export const ALL_MEMBERS_WINDOW_MS = 30_000;

/** Times at which each guild may be asked for all of its members again. */
export class GuildTurns {
  readonly #nextAt = new Map<string, number>();

  of(guildId: string): RequestTurn {
    const nextAt = this.#nextAt;
    return {
      get waitMs() {
        return Math.max(0, Math.ceil((nextAt.get(guildId) ?? 0) - performance.now()));
      },
      take: () => {
        const now = performance.now();
        for (const [other, at] of nextAt) if (at <= now) nextAt.delete(other);
        nextAt.set(guildId, now + ALL_MEMBERS_WINDOW_MS);
      },
      giveBack: () => void nextAt.delete(guildId),
    };
  }
}
