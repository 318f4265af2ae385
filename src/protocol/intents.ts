/**
 * The gateway's intents by name: bit numbers.
 *
 * See [Discord Docs/List of Intents](https://docs.discord.com/developers/events/gateway#list-of-intents).
 */
export const intentBits = {
  Guilds: 0,
  GuildMembers: 1,
  GuildModeration: 2,
  GuildExpressions: 3,
  GuildIntegrations: 4,
  GuildWebhooks: 5,
  GuildInvites: 6,
  GuildVoiceStates: 7,
  GuildPresences: 8,
  GuildMessages: 9,
  GuildMessageReactions: 10,
  GuildMessageTyping: 11,
  DirectMessages: 12,
  DirectMessageReactions: 13,
  DirectMessageTyping: 14,
  MessageContent: 15,
  GuildScheduledEvents: 16,
  AutoModerationConfiguration: 20,
  AutoModerationExecution: 21,
  GuildMessagePolls: 24,
  DirectMessagePolls: 25,
} as const satisfies Record<string, number>;

export type IntentName = keyof typeof intentBits;

/**
 * Intents as the bot may give them: names, as in `['Guilds', 'GuildMessages']`, bits of {@link GatewayIntentBits} or both in
 * an array; or the sum of the bits.
 */
export type Intents = number | readonly (IntentName | number)[];

/**
 * The intents' bits by name, with the names and values of discord-api-types: `GatewayIntentBits.Guilds` is `1 << 0`.
 *
 * See [Discord Docs/List of Intents](https://docs.discord.com/developers/events/gateway#list-of-intents).
 */
export const GatewayIntentBits = Object.freeze(
  Object.fromEntries(Object.entries(intentBits).map(([name, bit]) => [name, 2 ** bit])),
) as { readonly [Name in IntentName]: number };

export const intentNames = Object.keys(intentBits) as readonly IntentName[];

/** The sum of intents' bits; each counts once. */
export function sumOfIntents(intents: Intents): number {
  if (typeof intents === 'number') return intents;
  const bits = intents.map((intent) => (typeof intent === 'number' ? intent : GatewayIntentBits[intent]));
  return Number(bits.reduce((sum, bit) => sum | BigInt(bit), 0n));
}

/** Intents that Discord enables for a bot on its Bot page only. */
export const privilegedIntents: readonly IntentName[] = ['GuildMembers', 'GuildPresences', 'MessageContent'];

/** Whether the sum of bits has this intent. */
export function hasIntent(intents: number, name: IntentName): boolean {
  return Math.floor(intents / 2 ** intentBits[name]) % 2 === 1;
}

/** The bits of a sum that no intent has, by number. */
export function unknownBits(intents: number): number[] {
  const known = new Set<number>(Object.values(intentBits));
  const bits = Array.from({ length: 53 }, (_, bit) => bit);
  return bits.filter((bit) => Math.floor(intents / 2 ** bit) % 2 === 1 && !known.has(bit));
}
