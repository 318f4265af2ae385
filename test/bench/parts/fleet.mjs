// A fleet on a redis-server of its own: what publishing costs beside a bare XADD, claims, an idle fleet, and takeovers.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { consumeFleet } from '../../../dist/src/fleet/index.js';
import { keysOf } from '../../../dist/src/fleet/keys.js';
import { Lease } from '../../../dist/src/fleet/lease/lease.js';
import { ShardPublisher } from '../../../dist/src/fleet/publish/shardPublisher.js';
import { openRedis } from '../../../dist/src/fleet/redis/openRedis.js';
import { Scripts } from '../../../dist/src/fleet/redis/script.js';
import { createGatewaySimulator } from '../../../dist/src/simulator/index.js';
import { startRedis } from '../../../scripts/demoFleet/redis.mjs';
import { WorkerProcess } from '../../../scripts/demoFleet/workerProcess.mjs';
import { generator, text } from '../corpus.mjs';
import { quantile, summary } from '../stats.mjs';

const WORKERS = 10;
const SHARDS = 1_000;
/** Events that come together, as those of one read of a socket do. */
const BURST = 16;
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const cpuMs = (usage) => (usage.user + usage.system) / 1_000;

const unexpected = () => {
  throw new Error('the publisher of the benchmark was fenced');
};

const report = (shards) => JSON.stringify(shards.map(({ key }) => [key, 'Connected', 42.125, 1_700_000_000_000]));

const until = async (condition) => {
  while (!condition()) await sleep(5);
};

/** CPU of the server in milliseconds, and commands so far. */
async function usageOf(client) {
  const info = await client.sendCommand(['INFO', 'all']);
  const number = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)[1]);
  return {
    cpuMs: 1_000 * (number('used_cpu_sys') + number('used_cpu_user')),
    // A script counts once: what it runs inside does not cross the network.
    scripts: Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(info)?.[1] ?? 0),
  };
}

/** CPU an event here and in Redis, in microseconds, of what `run` publishes. */
async function costOf(admin, events, run) {
  const before = await usageOf(admin);
  const begun = process.cpuUsage();
  await run();
  const own = process.cpuUsage(begun);
  const after = await usageOf(admin);
  return { us: (cpuMs(own) * 1_000) / events, redisUs: ((after.cpuMs - before.cpuMs) * 1_000) / events };
}

/** One MESSAGE_CREATE after another, as the gateway sends them. */
function textsOf(seed, events) {
  const { event } = generator(seed);
  const texts = [];
  while (texts.length < events) {
    const { t, d } = event();
    texts.push(text(t, texts.length + 2, d));
  }
  return texts;
}

async function bursts(texts, publish) {
  for (let at = 0; at < texts.length; at += BURST) {
    for (const each of texts.slice(at, at + BURST)) publish(each);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads all entries as a group's only reader, a hundred at a time, and parses and acknowledges them. */
async function readBare(client, stream, events) {
  await client.command(stream, ['XGROUP', 'CREATE', stream, 'bare', '0']);
  let heard = 0;
  while (heard < events) {
    const read = ['XREADGROUP', 'GROUP', 'bare', 'only', 'COUNT', '100', 'STREAMS', stream, '>'];
    const [[, entries]] = await client.command(stream, read);
    for (const [, fields] of entries) if (JSON.parse(fields[1]).t !== 'READY') heard += 1;
    await client.command(stream, ['XACK', stream, 'bare', ...entries.map(([id]) => id)]);
  }
}

async function consume({ url, name }, events) {
  let heard = 0;
  let last = Promise.resolve();
  for await (const event of consumeFleet({ redis: url, name, group: 'bench', consumer: 'only', from: 'start' })) {
    if (event.payload.t !== 'READY') heard += 1;
    last = event.ack();
    if (heard === events) break;
  }
  await last;
}

async function publishing({ url, admin }, { rounds, events, seed }) {
  const texts = textsOf(seed, events);
  const client = await openRedis(url, () => {});
  const scripts = new Scripts(client, 60_000);
  const runs = { bare: [], published: [], bareRead: [], consumed: [] };
  for (let round = 0; round < rounds; round += 1) {
    const keys = keysOf(`publish-${round}`);
    runs.bare.push(
      await costOf(admin, events, async () => {
        const sent = [];
        await bursts(texts, (each) =>
          sent.push(client.command('bare', ['XADD', `{bare-${round}}`, 'MAXLEN', '~', '100000', '*', 'p', each])),
        );
        await Promise.all(sent);
      }),
    );
    await client.command(keys.owners, ['HSET', keys.owners, '1:0', 'w/1 1']);
    const publisher = new ShardPublisher({
      scripts,
      keys,
      key: '1:0',
      owner: 'w/1',
      epoch: () => 1,
      maxLength: 100_000,
      onFenced: unexpected,
      onHole: unexpected,
      onGap: unexpected,
      logger,
    });
    publisher.take(text('READY', 1, { session_id: 'bench' }));
    publisher.onReady('bench');
    publisher.flow();
    await publisher.flushed(60_000);
    runs.published.push(
      await costOf(admin, events, async () => {
        await bursts(texts, (each) => publisher.take(each));
        if (!(await publisher.flushed(60_000))) throw new Error('the publisher was not done in 60 s');
      }),
    );
    publisher.stop();
    runs.bareRead.push(await costOf(admin, events, () => readBare(client, keys.stream('1:0'), events)));
    await client.command(keys.fleet, ['HSET', keys.fleet, 'layout', '1', 'total', '1']);
    runs.consumed.push(await costOf(admin, events, () => consume({ url, name: `publish-${round}` }, events)));
  }
  client.close();
  return Object.entries({
    bare: 'XADD, one command an event',
    published: 'shardchart, fenced and in order',
    bareRead: 'XREADGROUP of 100, JSON.parse, XACK',
    consumed: 'consumeFleet, every event acknowledged',
  }).map(([id, label]) => ({
    id,
    label,
    us: summary(runs[id].map((run) => run.us)),
    redisUs: summary(runs[id].map((run) => run.redisUs)),
  }));
}

async function claiming(url, rounds) {
  const client = await openRedis(url, () => {});
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const options = { scripts: new Scripts(client), keys: keysOf(`claim-${round}`), worker: 'w', instance: '1' };
    const lease = new Lease(options);
    await lease.join({ total: SHARDS, capacity: null });
    const begun = performance.now();
    const { owned } = await lease.beat({ state: 'serving', capacity: null, held: [], report: '[]' });
    if (owned.length !== SHARDS) throw new Error(`${owned.length} of ${SHARDS} shards were claimed`);
    times.push(performance.now() - begun);
  }
  client.close();
  return summary(times);
}

/** Commands a second, and Redis' CPU, of ten workers with a hundred shards each that do nothing but renew their leases. */
async function idling({ url, admin }, seconds) {
  const client = await openRedis(url, () => {});
  const scripts = new Scripts(client);
  const leases = Array.from({ length: WORKERS }, (_, at) => {
    return new Lease({ scripts, keys: keysOf('idle'), worker: `w-${at}`, instance: '1' });
  });
  const capacity = SHARDS / WORKERS;
  let held = leases.map(() => []);
  const beat = async () => {
    for (const [at, lease] of leases.entries()) {
      const request = { state: 'serving', capacity, held: held[at], report: report(held[at]) };
      const { owned } = await lease.beat(request);
      held = held.with(
        at,
        owned.map(({ key, epoch }) => ({ key, epoch, isUp: true })),
      );
    }
  };
  for (const lease of leases) await lease.join({ total: SHARDS, capacity });
  await beat();
  await beat();
  const before = await usageOf(admin);
  for (let second = 0; second < seconds; second += 1) {
    const begun = performance.now();
    await beat();
    await sleep(Math.max(0, 1_000 - (performance.now() - begun)));
  }
  const after = await usageOf(admin);
  client.close();
  return {
    commandsPerSecond: (after.scripts - before.scripts) / seconds,
    redisPercent: ((after.cpuMs - before.cpuMs) / (seconds * 1_000)) * 100,
  };
}

/** Times from kill -9 of a worker until its shards are Connected at the others. */
async function takeovers({ url, progress }, kills) {
  const shards = 12;
  const simulator = await createGatewaySimulator({ shards, identifyWindow: 100, sendLimit: 10_000, record: false });
  let number = 0;
  const start = () => new WorkerProcess(`w-${(number += 1)}`, { redis: url, api: simulator.apiUrl, token: 'bench' });
  let workers = [start()];
  const isUp = () => workers.reduce((sum, { up }) => sum + up.size, 0) === shards;
  await until(isUp);
  workers.push(start(), start());
  const times = [];
  for (let kill = 0; kill < kills; kill += 1) {
    progress(`fleet, takeover ${kill + 1} of ${kills}`);
    await until(() => isUp() && workers.every(({ up }) => up.size === shards / workers.length));
    const [victim, ...others] = workers;
    workers = others;
    const begun = performance.now();
    victim.child.kill('SIGKILL');
    await until(isUp);
    times.push(performance.now() - begun);
    workers.push(start());
  }
  for (const { child } of workers) child.kill('SIGKILL');
  const identifies = simulator.identifies.length;
  await simulator.close();
  return { kills, shards, identifies, medianMs: quantile(times, 0.5), worstMs: Math.max(...times) };
}

export async function fleet({ rounds, events, seed, idleMs, progress, kills }) {
  const redis = await startRedis();
  const admin = await createClient({ url: redis.url }).connect();
  try {
    progress('fleet, publishing');
    const results = await publishing({ url: redis.url, admin }, { rounds, events, seed });
    progress('fleet, claims and idle');
    const claimMs = await claiming(redis.url, rounds);
    const idle = await idling({ url: redis.url, admin }, Math.ceil(idleMs / 1_000));
    const takeover = await takeovers({ url: redis.url, progress }, kills);
    return { rounds, events, shards: SHARDS, workers: WORKERS, results, claimMs, idle, takeover };
  } finally {
    admin.destroy();
    redis.stop();
  }
}
