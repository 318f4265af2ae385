// A Seyfert bot whose gateway is shardchart's. Start it with: DISCORD_TOKEN=… node with-seyfert.mjs
import { Client, createEvent } from 'seyfert';
import { createShardManager } from 'shardchart';

/** The gateway that Seyfert works with. Its shards tell when all guilds of READY have come. */
class Gateway extends Map {
  options = { handlePayload: () => {} };
  #manager;

  constructor(manager) {
    super();
    this.#manager = manager;
    manager.on('shard', ({ id }) => this.set(id, { id, isReady: false, waitsFor: new Set() }));
    manager.on('event', (payload, shardId) => this.#onEvent(payload, this.get(shardId)));
    manager.on('disconnected', (_, shardId) => (this.get(shardId).isReady = false));
  }

  get latency() {
    return this.#manager.getAveragePing() ?? Infinity;
  }

  spawnShards() {
    return this.#manager.connect();
  }

  async send(shardId, payload) {
    const wrapped = await this.options.handleSendPayload(shardId, payload);
    if (wrapped !== null) await this.#manager.send(shardId, wrapped);
  }

  calculateShardId(guildId) {
    return Number((BigInt(guildId) >> 22n) % BigInt(this.#manager.total));
  }

  async #onEvent(payload, shard) {
    const { t, d, op, s } = payload;
    if (t === 'READY') shard.waitsFor = new Set(d.guilds.map(({ id }) => id));
    if (t === 'RESUMED') shard.isReady = true;
    const isOfReady = (t === 'GUILD_CREATE' || t === 'GUILD_DELETE') && shard.waitsFor.delete(d.id);
    const isLast = (t === 'READY' || isOfReady) && shard.waitsFor.size === 0;
    if (isLast) shard.isReady = true;
    await this.options.handlePayload(shard.id, isOfReady ? { ...payload, t: `RAW_${t}` } : payload);
    if (isLast) await this.options.handlePayload(shard.id, { t: 'GUILDS_READY', op, s });
  }
}

const token = process.env.DISCORD_TOKEN;
const manager = createShardManager({ token, intents: ['Guilds', 'GuildMessages', 'MessageContent'] });
const client = new Client({ getRC: () => ({ token, locations: { base: '.' } }) });
client.setServices({ gateway: new Gateway(manager) });
client.events.set([
  createEvent({
    data: { name: 'botReady' },
    run: (user) => console.log(`up as ${user.username}`),
  }),
  createEvent({
    data: { name: 'messageCreate' },
    run: async (message) => {
      if (!message.author.bot && message.content === '!ping') await message.write({ content: 'pong' });
    },
  }),
]);

process.once('SIGINT', () => manager.shutdown());
await client.start();
