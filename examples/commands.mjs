// Send, ask for members, join a voice channel, read every event in a loop.
import { createShard } from 'shardchart';

const { DISCORD_TOKEN, GUILD_ID, VOICE_CHANNEL_ID } = process.env;
const shard = createShard({
  token: DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMembers', 'GuildVoiceStates'],
});
await shard.connect();

await shard.updatePresence({
  status: 'online',
  activities: [{ type: 2, name: 'the gateway' }], // "Listening to the gateway"
});

const found = await shard.requestGuildMembers({ guild_id: GUILD_ID, query: 'us', limit: 100 });
console.log(`${found.members.length} members whose name begins with "us"`);

const everyone = { guild_id: GUILD_ID, query: '', limit: 0 };
for await (const { chunk_index, chunk_count } of shard.requestGuildMembersIterator(everyone)) {
  console.log(`chunk ${chunk_index + 1} of ${chunk_count}`);
}

const join = { guild_id: GUILD_ID, channel_id: VOICE_CHANNEL_ID, self_mute: false, self_deaf: true };
const { server } = await shard.updateVoiceState(join, { server: true });
console.log(`voice server ${server.endpoint}`);
await shard.send({ op: 4, d: { ...join, channel_id: null } }); // any other payload, here: leave the channel

process.once('SIGINT', () => shard.shutdown());
for await (const { t } of shard.events()) console.log(t); // ends with the shutdown
