// Joins a voice channel with @discordjs/voice, over a manager without discord.js.
// Start it with: DISCORD_TOKEN=… GUILD_ID=… VOICE_CHANNEL_ID=… node with-discordjs-voice.mjs
import { joinVoiceChannel } from '@discordjs/voice';
import { createShardManager } from 'shardchart';

const { DISCORD_TOKEN: token, GUILD_ID: guildId, VOICE_CHANNEL_ID: channelId } = process.env;
const manager = createShardManager({ token, intents: ['Guilds', 'GuildVoiceStates'] });
const report = ({ message }) => console.error(message);

/** The voice connections by guild. */
const connections = new Map();
let botId;
manager.on('READY', ({ user }) => (botId = user.id));
manager.on('VOICE_SERVER_UPDATE', (data) => connections.get(data.guild_id)?.onVoiceServerUpdate(data));
manager.on('VOICE_STATE_UPDATE', (data) => {
  if (data.user_id === botId) connections.get(data.guild_id)?.onVoiceStateUpdate(data);
});

/** Sends op 4 for a guild, and hands it the two events of voice. */
const adapterFor = (guild) => (connection) => {
  connections.set(guild, connection);
  return {
    sendPayload(payload) {
      const shard = manager.shardFor(guild);
      shard?.send(payload).catch(report);
      return shard !== undefined;
    },
    destroy: () => connections.delete(guild),
  };
};

await manager.connect();
const voice = joinVoiceChannel({ guildId, channelId, adapterCreator: adapterFor(guildId) });
voice.on('stateChange', (_, { status }) => console.log(`voice is ${status}`));
voice.on('error', report);
process.once('SIGINT', () => {
  voice.destroy();
  void manager.shutdown();
});
