// Loaded before an example: its shards connect to the simulator of the test, and its calls of Discord's API go to the test's.
import { register } from 'node:module';

register('./resolve.mjs', import.meta.url);

const { fetch } = globalThis;
const { EXAMPLE_API } = process.env;
globalThis.fetch = (url, options) => fetch(String(url).replace('https://discord.com/api/v10', EXAMPLE_API), options);

// @discordjs/core 2.6 says Node 20 and needs Map.groupBy of Node 21.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};
