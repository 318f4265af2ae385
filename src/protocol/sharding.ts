/** Whether this is what Discord's ids are: digits. */
export const isSnowflake = (value: unknown): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);

/**
 * The shard a guild belongs to.
 *
 * See [Discord Docs/Sharding Formula](https://docs.discord.com/developers/events/gateway#sharding-sharding-formula).
 */
export function shardIdFor(guildId: string, total: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(total));
}
