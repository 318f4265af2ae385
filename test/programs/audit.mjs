// A bot with an audit log that ends in the way its argument says. On its way out it tells how many records there were.
import { writeSync } from 'node:fs';
import { createAuditLog, createIdentifyLimiter, createShard } from '../../dist/src/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const [file, deed] = process.argv.slice(2);
const simulator = await createGatewaySimulator({ identifyWindow: 20, heartbeatInterval: 20 });
const shard = createShard({
  token: 'token',
  intents: 0,
  url: simulator.url,
  backoff: { initial: 1, max: 2 },
  identifyLimiter: createIdentifyLimiter({ window: 20 }),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
const log = createAuditLog({ file });
let records = 0;
log.attach(shard);
shard.on('transition', () => (records += 1));
const tell = () => writeSync(1, String(records));
process.on('exit', tell);

const drops = async (times) => {
  for (let drop = 0; drop < times; drop += 1) {
    const resumed = new Promise((resolve) => shard.once('resumed', resolve));
    simulator.reset();
    await resumed;
  }
};

const deeds = {
  async 'goes on until it is killed'() {
    await drops(Infinity);
  },
  async 'leaves by process.exit'() {
    await drops(5);
    shard.on('transition', ({ to }) => to === 'Resuming' && process.exit(7));
    await drops(1);
  },
  async 'ends by an exception that is not caught'() {
    await drops(5);
    shard.on('transition', ({ to }) => {
      if (to === 'Resuming') queueMicrotask(() => deeds.fail());
    });
    await drops(1);
  },
  async 'closes its shard in a listener of the exit'() {
    await drops(5);
    process.off('exit', tell);
    process.on('exit', () => shard.forceClose());
    process.on('exit', tell);
    process.exit(7);
  },
  async 'ends by itself without closing the log'() {
    await drops(5);
    await shard.shutdown();
    await simulator.close();
  },
  fail() {
    throw new Error('not caught');
  },
};

await shard.connect();
await deeds[deed]();
