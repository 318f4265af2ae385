// Joins a voice channel through a Lavalink node, with Shoukaku over a manager. Start it with:
// DISCORD_TOKEN=… GUILD_ID=… VOICE_CHANNEL_ID=… LAVALINK=localhost:2333 LAVALINK_PASSWORD=… node with-lavalink.mjs
import { once } from 'node:events';
import { createShardManager } from 'shardchart';
import { Connector, Shoukaku } from 'shoukaku';

/** Puts a manager under Shoukaku. */
class ShardchartConnector extends Connector {
  #botId;

  getId() {
    return this.#botId;
  }

  sendPacket(shardId, payload) {
    this.client.send(shardId, payload).catch(({ message }) => console.error(message));
  }

  listen(nodes) {
    this.client.once('READY', ({ user }) => {
      this.#botId = user.id;
      this.ready(nodes);
    });
    for (const name of ['VOICE_STATE_UPDATE', 'VOICE_SERVER_UPDATE'])
      this.client.on(name, (d) => this.raw({ t: name, d }));
  }
}

const { DISCORD_TOKEN: token, GUILD_ID: guildId, VOICE_CHANNEL_ID: channelId } = process.env;
const manager = createShardManager({ token, intents: ['Guilds', 'GuildVoiceStates'] });
const nodes = [{ name: 'node', url: process.env.LAVALINK, auth: process.env.LAVALINK_PASSWORD }];
const shoukaku = new Shoukaku(new ShardchartConnector(manager), nodes);
shoukaku.on('error', (name, { message }) => console.error(`${name}: ${message}`));

const nodeIsReady = once(shoukaku, 'ready');
await manager.connect();
await nodeIsReady;
const player = await shoukaku.joinVoiceChannel({ guildId, channelId, shardId: manager.shardFor(guildId).id });
console.log(`a player for ${player.guildId}`);
process.once('SIGINT', async () => {
  await shoukaku.leaveVoiceChannel(guildId);
  await manager.shutdown();
  process.exit();
});
