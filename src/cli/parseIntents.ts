import { GatewayIntentBits } from 'discord-api-types/v10';
import { UsageError } from './exitCode.js';

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Bits of the intents by name, in lower case and without underscores. */
const bits = new Map(
  Object.entries(GatewayIntentBits)
    .filter((entry): entry is [string, GatewayIntentBits] => typeof entry[1] === 'number')
    .map(([name, bit]) => [plain(name), bit]),
);

/**
 * Adds up intents: a number, or names as in `Guilds,GuildMessages` or `GUILDS,GUILD_MESSAGES`.
 * @throws UsageError for a name that is unknown.
 */
export function parseIntents(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return text.split(',').reduce((sum, name) => sum | bitOf(name.trim()), 0);
}

function bitOf(name: string): number {
  const bit = bits.get(plain(name));
  if (bit !== undefined) return bit;
  const known = Object.keys(GatewayIntentBits).filter((key) => Number.isNaN(Number(key)));
  throw new UsageError(`There is no intent "${name}". Use a number, or names from this list: ${known.join(', ')}.`);
}
