import { createBot } from './bot.js';

const token = process.env.DISCORD_TOKEN;
if (!token) {
  console.error('There is no token. Put it into the file .env: DISCORD_TOKEN=…');
  process.exit(1);
}

const shard = createBot({ token });
shard.on('transition', ({ from, to, decision }) => console.log(`${from} -> ${to}`, decision?.reason ?? ''));
shard.on('fatal', (error) => console.error(error.message));
process.once('SIGINT', () => shard.shutdown());
process.once('SIGTERM', () => shard.shutdown());

try {
  await shard.connect();
  console.log('The bot is up. Write /ping or !ping. Ctrl+C ends it.');
} catch {
  process.exitCode = 1;
}
