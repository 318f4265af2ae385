// A shard ends, and another one resumes its session from any store with get, set and delete.
import { createMemorySessionStore, createShard } from 'shardchart';

const options = {
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds'],
  sessionStore: createMemorySessionStore(), // or your own { get, set, delete }
};

const before = createShard(options);
await before.connect();
await before.shutdown({ resumable: true }); // closes with 4900: Discord keeps the session for some minutes

const after = createShard(options);
after.on('resumed', ({ replayed }) => console.log(`resumed, ${replayed} missed dispatches replayed`));
await after.connect();
await after.shutdown();
