import type { ShardKey } from '../messages.js';

/** A shard that was found, or the reason why not. */
export type FindResult = { readonly key: ShardKey } | { readonly why: string };

/** A snowflake has 17 to 20 digits; shard ids are much shorter. */
const SNOWFLAKE = /^\d{17,20}$/;
const SHARD = /^(?:shard\s*|#)?(\+?\d{1,6})$/i;

/** Discord's formula: the shard that receives the events of a guild. */
export function shardOfGuild(guildId: string, total: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(total));
}

/** Finds a shard by its id (`7`, `#7`, `shard 7`, `+7`) or by the id of a guild. */
export function find(text: string, total: number, has: (key: ShardKey) => boolean): FindResult {
  const query = text.trim();
  if (SNOWFLAKE.test(query)) {
    if (total === 0) return { why: 'The shard of a guild cannot be found until the total number of shards is known' };
    const id = shardOfGuild(query, total);
    return has(String(id))
      ? { key: String(id) }
      : { why: `That guild is on shard ${id} of ${total}, which does not run here` };
  }
  const key = SHARD.exec(query)?.[1];
  if (key === undefined) return { why: 'Type the id of a shard, or of a guild (17 to 20 digits)' };
  if (has(key)) return { key };
  const id = Number(key);
  if (has(String(id))) return { key: String(id) };
  return {
    why: total > 0 && id >= total ? `There are ${total} shards, 0 to ${total - 1}` : `Shard ${key} does not run here`,
  };
}
