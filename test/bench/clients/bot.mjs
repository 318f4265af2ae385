// A whole bot of discord.js, with its own gateway or with shardchart's below it.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../package.json', import.meta.url));

export async function connect({ url, compression, settings, onDispatch }) {
  const { Client, IntentsBitField } = require('discord.js');
  const { shardchartStrategy } = await import('../../../dist/src/discordjs/index.js');
  const { gateway, events } = settings;
  let manager;
  const strategy = shardchartStrategy({
    options: { compression, ...(events && { events }) },
    onManager: (made) => (manager = made),
  });
  const client = new Client({
    intents: Object.values(IntentsBitField.Flags).reduce((sum, bit) => sum | bit, 0),
    ws: gateway === 'shardchart' ? { buildStrategy: strategy } : {},
  });
  client.rest.get = async () => ({
    url,
    shards: 1,
    session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 1, max_concurrency: 1 },
  });
  let received = 0;
  client.on('raw', (payload) => {
    received += 1;
    onDispatch(payload);
  });
  // A bot has listeners: discord.js makes its objects for them.
  for (const name of ['messageCreate', 'messageUpdate', 'guildMemberUpdate']) client.on(name, () => {});
  const ready = new Promise((resolve) => client.once('clientReady', resolve));
  await client.login('bench');
  await ready;
  return { received: () => manager?.shards.get(0)?.stats.dispatches ?? received };
}
