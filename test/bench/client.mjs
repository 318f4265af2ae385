// The client's process: one contestant doing one task. Started by processes.mjs with its options as JSON.
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { contestant } from './contestants.mjs';

const options = JSON.parse(process.argv[2]);
const { adapter, settings } = contestant(options.client);
const { connect } = await import(`./clients/${adapter}.mjs`);

const told = new Map();
process.on('message', (message) => {
  told.get(message.type)?.(message);
  told.delete(message.type);
});
process.on('disconnect', () => process.exit());
const hear = (type) => new Promise((resolve) => told.set(type, resolve));
const tell = (type, rest) => process.send({ type, ...rest });

/** Twice, for what the first one's finalizers let go of; then until the memory given back is really back. */
async function collect() {
  let before = Infinity;
  for (let turn = 0; turn < 12; turn += 1) {
    globalThis.gc();
    // From Node 22 on V8 keeps the pages it has emptied until it is short of memory; Node 20 does not, and has no such collection.
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await delay(100);
    const { rss } = process.memoryUsage();
    if (turn > 3 && before - rss < 64 * 1024) return;
    before = rss;
  }
}

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
};

const ignore = () => {};

/** Shards before those that are measured: with these V8 compiles what shards run, which is the process's and no shard's. */
const NOT_COUNTED = 100;

const tasks = {
  /** Takes the corpus as it comes: CPU time from `arm` to its last dispatch. */
  async stream({ url, compression, shards = 1 }) {
    let events = 0;
    let since;
    let start;
    const arrivedAt = options.stamps ? [] : null;
    const warm = deferred();
    const end = deferred();
    const heard = (nonce) => {
      if (nonce === 'warm') warm.resolve();
      if (nonce === 'end') end.resolve({ cpu: cpuMs(since), wall: performance.now() - start });
    };
    const client = await connect({
      url,
      compression,
      shards,
      settings: { ...settings, ...options.settings },
      onDispatch(payload) {
        events += 1;
        if (arrivedAt !== null) arrivedAt.push(Number(process.hrtime.bigint()) / 1e3);
        if (payload.t === 'MESSAGE_CREATE') heard(payload.d.nonce);
      },
      onMessageCreate(message) {
        events += 1;
        heard(message.nonce);
      },
    });
    await warm.promise;
    globalThis.gc?.();
    const armed = hear('arm');
    tell('warm');
    await armed;
    const pauses = [];
    if (options.stamps) {
      new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration))).observe({
        entryTypes: ['gc'],
      });
    }
    const received = client.received();
    events = 0;
    if (arrivedAt !== null) arrivedAt.length = 0;
    since = process.cpuUsage();
    start = performance.now();
    tell('armed');
    const { cpu, wall } = await end.promise;
    // Observers of garbage collections hear of them later.
    if (options.stamps) await delay(50);
    const { rss } = process.memoryUsage();
    tell('done', { cpu, wall, rss, events, received: client.received() - received, arrivedAt, pauses });
  },

  /** Connects many and leaves them idle: how long that takes, what they hold, what their heartbeats cost. */
  async idle({ url, compression, shards, atOnce, everyMs, dispatches, idleMs }) {
    const common = { url, compression, settings, onDispatch: ignore, onMessageCreate: ignore };
    const start = async (count) => {
      for (let left = count; left > 0; left -= atOnce) {
        const next = delay(everyMs);
        const few = Math.min(left, atOnce);
        const { received } = await connect({ ...common, shards: few });
        while (received() < few * dispatches) await delay(10);
        if (left > few) await next;
      }
    };
    await start(Math.min(NOT_COUNTED, shards));
    await collect();
    const before = process.memoryUsage();
    const since = process.cpuUsage();
    const startedAt = performance.now();
    await start(shards);
    const startUp = { cpu: cpuMs(since), wall: performance.now() - startedAt };
    await collect();
    const beating = process.cpuUsage();
    await delay(idleMs);
    const idle = { cpu: cpuMs(beating), wall: idleMs };
    await collect();
    const after = process.memoryUsage();
    tell('done', {
      startUp,
      idle,
      memory: { rss: (after.rss - before.rss) / shards, heap: (after.heapUsed - before.heapUsed) / shards },
    });
  },
};

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

await tasks[options.task](options);
