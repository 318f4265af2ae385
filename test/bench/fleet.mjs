// The cost of many shards in one process: npm run bench:fleet -- [--shards 1000] [--max-concurrency N] [--interval 4125]
// [--json]. The simulator is a process of its own, so that its time and memory are not in these figures. Runs on dist.
//
// There are no guilds: this is what a shard costs before anything is dispatched to it. Memory is after a collection, and
// what N shards need beyond one, so that Node and the code are not in it. Heartbeats come at --interval, by default ten
// times as often as at Discord (41 250 ms), to be measured in seconds: the CPU of an idle fleet is that time scaled down.
import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseArgs } from 'node:util';
import { createShardManager } from '../../dist/src/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const USUAL_INTERVAL_MS = 41_250;
/** The identify queue's window; short, since no shard is to wait for it here. */
const WINDOW_MS = 20;

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '1000' },
    'max-concurrency': { type: 'string' },
    interval: { type: 'string', default: String(USUAL_INTERVAL_MS / 10) },
    json: { type: 'boolean', default: false },
    simulator: { type: 'boolean', default: false },
  },
});
const shards = Number(values.shards);
const maxConcurrency = Number(values['max-concurrency'] ?? shards);
const intervalMs = Number(values.interval);

const kib = (bytes) => `${(bytes / 1_024).toFixed(1)} KiB`;
const mib = (bytes) => `${(bytes / 1_048_576).toFixed(0)} MiB`;
const seconds = (ms) => `${(ms / 1_000).toFixed(2)} s`;

await (values.simulator ? simulate() : measure());

async function simulate() {
  const simulator = await createGatewaySimulator({
    shards,
    maxConcurrency,
    identifyWindow: WINDOW_MS / 2,
    heartbeatInterval: intervalMs,
    heartbeatSlack: 60_000,
    sessionStartLimit: { total: 2 * shards + 10 },
    record: false,
  });
  process.send(simulator.apiUrl);
  process.on('disconnect', () => process.exit());
  process.on('message', async () => {
    process.send(simulator.violations.map(({ rule }) => rule));
    await simulator.close();
    process.disconnect();
  });
}

async function measure() {
  const simulator = fork(process.argv[1], ['--simulator', ...process.argv.slice(2)]);
  const answer = () => new Promise((resolve) => simulator.once('message', resolve));
  const api = await answer();
  const managerOf = (total) =>
    createShardManager({ token: 'token', intents: 0, api, total, identifyWindow: WINDOW_MS });

  const one = managerOf(1);
  await one.connect();
  const before = memory();
  await one.shutdown();

  const manager = managerOf(shards);
  const startedAt = performance.now();
  const startCpu = process.cpuUsage();
  await manager.connect();
  const connectMs = performance.now() - startedAt;
  const connectCpuMs = cpuMsSince(startCpu);
  const { counts } = manager.status();
  const after = memory();
  const { idleCpuMs, idleMs, beats } = await idle(manager);
  await manager.shutdown();
  simulator.send('end');
  const violations = await answer();

  const perShard = (what) => (after[what] - before[what]) / Math.max(1, shards - 1);
  print({
    node: process.version,
    shards,
    connected: counts.Connected,
    violations,
    maxConcurrency,
    connectMs,
    connectCpuMs,
    oneShardRss: before.rss,
    rss: after.rss,
    rssPerShard: perShard('rss'),
    heapPerShard: perShard('heapUsed'),
    externalPerShard: perShard('external'),
    intervalMs,
    idleMs,
    beats,
    idleCpuPercent: (idleCpuMs / idleMs) * 100,
    usualIdleCpuPercent: (idleCpuMs / idleMs) * 100 * (intervalMs / USUAL_INTERVAL_MS),
    idleCpuUsPerBeat: (idleCpuMs / beats) * 1_000,
  });
}

/** Bytes, of what is still in use. */
function memory() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  for (let times = 0; times < 3; times += 1) gc();
  return process.memoryUsage();
}

function cpuMsSince(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** CPU of two heartbeats of every shard, and how many there were. */
async function idle(manager) {
  const acknowledged = () => [...manager.shards.values()].reduce((sum, { heart }) => sum + heart.acknowledged, 0);
  const beats = acknowledged();
  const startedAt = performance.now();
  const startCpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 2 * intervalMs));
  const idleCpuMs = cpuMsSince(startCpu);
  return { idleCpuMs, idleMs: performance.now() - startedAt, beats: acknowledged() - beats };
}

function print(figures) {
  if (values.json) return console.log(JSON.stringify(figures));
  const { connected, violations, connectMs, connectCpuMs, rss, oneShardRss, beats, idleMs, ...rest } = figures;
  console.log(`${connected} of ${shards} shards Connected, max_concurrency ${maxConcurrency}; Node ${figures.node}
violations of the gateway's rules   ${violations.length}
until all are Connected             ${seconds(connectMs)}
CPU of that                         ${seconds(connectCpuMs)}, ${(connectCpuMs / shards).toFixed(2)} ms a shard
RSS                                 ${mib(rss)}, with one shard ${mib(oneShardRss)}
a shard                             ${kib(rest.rssPerShard)}: heap ${kib(rest.heapPerShard)}, external ${kib(rest.externalPerShard)}
idle, a heartbeat each ${intervalMs} ms    ${rest.idleCpuPercent.toFixed(1)} % of a core over ${seconds(idleMs)}, ${rest.idleCpuUsPerBeat.toFixed(0)} us a beat of ${beats}
scaled to each ${USUAL_INTERVAL_MS} ms         ${rest.usualIdleCpuPercent.toFixed(2)} % of a core`);
}
