// A bot that does what its argument says, writes that it is done, and then does nothing more: the process must end by itself.
import { createIdentifyLimiter, createShard } from '../../dist/src/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const simulator = await createGatewaySimulator({ identifyWindow: 20, heartbeatInterval: 2_000 });
const shard = createShard({
  token: 'token',
  intents: 0,
  url: simulator.url,
  backoff: { initial: 20, max: 100 },
  identifyLimiter: createIdentifyLimiter({ window: 20 }),
});

const deeds = {
  async shutdown() {
    await shard.connect();
    await shard.shutdown();
  },
  async 'shutdown while it backs off'() {
    simulator.next({ at: 'upgrade', refuse: 503, retryAfter: 600 });
    const failed = shard.connect().catch(() => {});
    await until(() => shard.state === 'Disconnected');
    await shard.shutdown();
    await failed;
  },
  async 'shutdown while it connects'() {
    simulator.next({ at: 'upgrade', hang: true });
    const failed = shard.connect().catch(() => {});
    await until(() => simulator.log.length > 0);
    await shard.shutdown();
    await failed;
  },
  async 'shutdown before the peer closes'() {
    await shard.connect();
    simulator.ignoreClose();
    await shard.shutdown();
  },
  async 'shutdown while it waits for an identify slot'() {
    await shard.connect();
    const failed = shard.reinstantiate().catch(() => {});
    await shard.shutdown();
    await failed;
  },
  async 'shutdown with a ping and payloads under way'() {
    await shard.connect();
    simulator.silence();
    void shard.ping().catch(() => {});
    const sends = Array.from({ length: 200 }, () => shard.send({ op: 31, d: {} }).catch(() => {}));
    await shard.shutdown();
    await Promise.all(sends);
  },
  async close() {
    await shard.connect();
    await shard.close();
  },
  async forceClose() {
    await shard.connect();
    shard.forceClose();
  },
  async 'forceClose with a ping under way'() {
    await shard.connect();
    const failed = shard.ping().catch(() => {});
    shard.forceClose();
    await shard.shutdown();
    if (process.argv[3] === 'await') await failed;
  },
  async 'a fatal close without a listener'() {
    await shard.connect();
    simulator.closeWith(4004);
    await until(() => shard.state === 'Offline');
  },
  async 'a fatal close while connect() waits'() {
    simulator.next({ at: 'identify', closeWith: 4014 });
    const error = await shard.connect().catch((reason) => reason);
    if (error.closeCode !== 4014) throw error;
  },
  async 'a drop with autoReconnect off and no listener'() {
    await shard.shutdown();
    const other = createShard({ token: 'token', intents: 0, url: simulator.url, autoReconnect: false });
    await other.connect();
    simulator.reset();
    await until(() => other.state === 'Offline');
  },
};

await deeds[process.argv[2]]();
await simulator.close();
process.stdout.write('done\n');
