import { GatewayIntentBits } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { hasIntent, intentBits, privilegedIntents, unknownBits } from '../../src/protocol/intents.js';

test('the table has every intent of discord-api-types with its bit, and no other', () => {
  // Two names of the enum are older names of a bit that has another by now.
  const names = Object.entries(GatewayIntentBits).filter(
    ([name, bit]) => typeof bit === 'number' && name !== 'GuildBans' && name !== 'GuildEmojisAndStickers',
  );
  const bits = Object.entries(intentBits).map(([name, bit]) => [name, 2 ** bit]);
  expect(Object.fromEntries(bits)).toEqual(Object.fromEntries(names));
});

test('33281 has Guilds, GuildMessages and MessageContent, and not GuildMembers', () => {
  const names = (['Guilds', 'GuildMembers', 'GuildMessages', 'MessageContent'] as const).filter((name) =>
    hasIntent(33_281, name),
  );
  expect(names).toEqual(['Guilds', 'GuildMessages', 'MessageContent']);
});

test.each([
  [0, []],
  [53_608_447, []],
  [1 << 17, [17]],
  [2 ** 40 + 2 ** 31 + 1, [31, 40]],
])('%d has the unknown bits %j', (intents, bits) => {
  expect(unknownBits(intents)).toEqual(bits);
});

test('three intents are privileged', () => {
  expect(privilegedIntents).toEqual(['GuildMembers', 'GuildPresences', 'MessageContent']);
});
