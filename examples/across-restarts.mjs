// The sessions of all shards in a file: the next process resumes them and misses nothing.
import { createFileSessionStore, createShardManager } from 'shardchart';

const sessionStore = createFileSessionStore('sessions.json');
const manager = createShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
  sessionStore,
});
manager.on('connect', ({ resumed }, shardId) => console.log(`shard ${shardId} ${resumed ? 'resumed' : 'identified'}`));
manager.on('MESSAGE_CREATE', ({ content }) => console.log(`message: ${content}`));

process.once('SIGTERM', async () => {
  await manager.shutdown({ resumable: true }); // keeps the sessions at Discord
  await sessionStore.close(); // writes what still waits
});
await manager.connect();
console.log(`${manager.shards.size} shards up`);
