import type { SampleGuild } from '../simulator/index.js';

/** Milliseconds from Discord's epoch (2015). A snowflake is this number and 22 more bits. */
const GUILDS_SINCE_MS = 230_000_000_000n;

/** Returns guilds for a simulated gateway, whose ids give every one of `shards` shards as many guilds. */
export const guildsFor = (shards: number, perShard = 1): SampleGuild[] =>
  Array.from({ length: shards * perShard }, (_, n) => ({
    id: String((GUILDS_SINCE_MS + BigInt(n)) << 22n),
    name: `Guild ${n}`,
  }));
