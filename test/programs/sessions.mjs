// A bot that keeps its sessions in a file, and ends in the way its argument says. It tells its parent what it lives through.
import { createFileSessionStore, createIdentifyLimiter, createShard } from '../../dist/src/index.js';

const { url, file, total, debounce, deed } = JSON.parse(process.argv[2]);
const report = (what) => process.send(what);
// Before the store's own, and gone when it is called: the store must not take itself for the only one that listens.
if (deed === 'shuts down at the first SIGTERM') process.once('SIGTERM', () => leave());
const fileStore = createFileSessionStore(file, { total, debounce, onError: ({ code }) => report({ error: code }) });
const sessionStore = {
  get: (id) => fileStore.get(id),
  delete: (id) => fileStore.delete(id),
  async set(id, session) {
    await fileStore.set(id, session);
    report({ shard: id, stored: session.sequence });
  },
};
const identifyLimiter = createIdentifyLimiter({ window: 20 });
const shards = Array.from({ length: total }, (_, id) =>
  createShard({ token: 'token', intents: 0, url, id, total, sessionStore, identifyLimiter }),
);
for (const shard of shards) {
  shard.on('ready', () => report({ shard: shard.id, up: 'ready' }));
  shard.on('resumed', ({ replayed }) => report({ shard: shard.id, up: 'resumed', replayed }));
}
const shutDown = () => Promise.all(shards.map((shard) => shard.shutdown({ resumable: true })));
const leave = async () => {
  await shutDown();
  process.disconnect();
};

const deeds = {
  'goes on until it is killed'() {},
  'shuts down at the first SIGTERM'() {},
  'leaves by process.exit'() {
    process.on('message', () => process.exit(7));
  },
  'closes its shards in a listener of the exit'() {
    process.on('exit', () => shards.forEach((shard) => shard.forceClose()));
    process.on('message', () => process.exit(7));
  },
  'ends by itself without closing the store'() {
    process.on('message', leave);
  },
  'closes the store'() {
    process.on('message', async () => {
      await shutDown();
      await fileStore.close();
      process.disconnect();
    });
  },
};

deeds[deed]();
await Promise.all(shards.map((shard) => shard.connect()));
