// `npm run demo:fleet`: a fleet of three workers on a Redis and a gateway of its own. One worker is killed, one paused, one
// drained, while numbered events come to every shard; in the end each event must be in the streams once and in order.
// Ends with 0 where every expectation was met, and with 1 otherwise.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { createClient } from 'redis';
import { createGatewaySimulator } from '../dist/src/simulator/index.js';
import { startRedis } from './demoFleet/redis.mjs';
import { WorkerProcess } from './demoFleet/workerProcess.mjs';

const SHARDS = 12;
const TTL_MS = 3_000;
const TOKEN = 'demo.fleet.token';
const ids = Array.from({ length: SHARDS }, (_, id) => id);
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;
let unmet = 0;

function expectation(isMet, text) {
  if (!isMet) unmet += 1;
  console.log(`  ${isMet ? pc.green('✓') : pc.red('✗ NOT MET:')} ${text}`);
}

const chapter = (text) => console.log(`\n${pc.bold(text)}`);

async function until(condition, limitMs = 30_000) {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(10);
  }
  return true;
}

/** Waits until these workers have all shards Connected. Resolves with the time it took, and null where it did not happen. */
async function allUp(workers) {
  const begun = performance.now();
  const isUp = () =>
    workers.reduce((sum, { up }) => sum + up.size, 0) === SHARDS &&
    ids.every((id) => workers.some(({ up }) => up.has(id)));
  return (await until(isUp)) ? performance.now() - begun : null;
}

const share = (workers) => workers.map(({ name, up }) => `${name}: ${up.size}`).join(', ');

/** A change of workers: forgets what came before, runs `change`, waits for all shards, and tells how they came back. */
async function change(text, workers, act, limitMs) {
  chapter(text);
  for (const worker of workers) worker.forget();
  await act();
  const tookMs = await allUp(workers);
  const moved = workers.reduce((sum, { resumed }) => sum + resumed.length, 0);
  const identified = workers.flatMap((worker) => worker.identified);
  expectation(
    tookMs !== null,
    `${moved} shards Connected elsewhere${tookMs === null ? '' : ` after ${seconds(tookMs)}`} (${share(workers)})`,
  );
  expectation(tookMs !== null && tookMs <= limitMs, `within ${seconds(limitMs)}`);
  expectation(identified.length === 0, 'all of them by RESUME, no identify was spent');
}

/** Numbers of the events of one shard, in the order of its stream. */
async function streamOf(client, id) {
  const entries = await client.sendCommand(['XRANGE', `{demo}:stream:1:${id}`, '-', '+']);
  return entries.flatMap(([, fields]) => {
    const { t, d } = JSON.parse(fields[fields.indexOf('p') + 1]);
    return t === 'TYPING_START' ? [d.number] : [];
  });
}

async function story(redis, simulator, workers) {
  const start = (name) => {
    const worker = new WorkerProcess(name, { redis: redis.url, api: simulator.apiUrl, token: TOKEN });
    workers.push(worker);
    return worker;
  };
  chapter(`Three workers share ${SHARDS} shards`);
  const first = start('w-1');
  await until(() => first.up.size === SHARDS, 60_000);
  const [second, third] = [start('w-2'), start('w-3')];
  const isEven = await until(() => [first, second, third].every(({ up }) => up.size === SHARDS / 3), 60_000);
  expectation(isEven, `the shards are spread evenly (${share([first, second, third])})`);
  expectation(simulator.identifies.length === SHARDS, `${simulator.identifies.length} identifies for ${SHARDS} shards`);

  let sent = 0;
  const flow = setInterval(() => simulator.dispatch('TYPING_START', { number: (sent += 1) }), 20);
  try {
    await until(() => sent > 50);
    const rest = () => [first, third];
    await change('w-2 is killed with -9', rest(), () => second.child.kill('SIGKILL'), TTL_MS + 2_000);

    await change(
      'w-3 is paused, for longer than its lease',
      [first],
      () => third.child.kill('SIGSTOP'),
      TTL_MS + 2_000,
    );
    third.forget();
    third.up.clear();
    third.child.kill('SIGCONT');
    await until(() => third.taken.length > 0 && third.up.size === SHARDS / 2);
    expectation(
      third.taken.length > 0,
      `w-3 wakes late: it drops ${third.taken.length} shards, and publishes nothing of them`,
    );
    expectation(third.up.size === SHARDS / 2, `and takes its share again, by RESUME (${share([first, third])})`);

    await change('w-1 is ended with SIGTERM', [third], () => first.child.kill('SIGTERM'), 2_000);
    expectation((await first.exit) === 0, 'its process ends with 0');
  } finally {
    clearInterval(flow);
  }
  await sleep(500);

  chapter('What became of the events');
  const client = await createClient({ url: redis.url }).connect();
  let [lost, doubled, unordered] = [0, 0, 0];
  for (const id of ids) {
    const numbers = await streamOf(client, id);
    lost += sent - new Set(numbers).size;
    doubled += numbers.length - new Set(numbers).size;
    unordered += numbers.filter((number, at) => at > 0 && number < numbers[at - 1]).length;
  }
  client.destroy();
  console.log(`  ${sent * SHARDS} events were sent to ${SHARDS} shards`);
  expectation(lost === 0, `${lost} lost`);
  expectation(doubled === 0, `${doubled} published twice`);
  expectation(unordered === 0, `${unordered} out of order`);
  expectation(simulator.identifies.length === SHARDS, `${simulator.identifies.length} identifies in all, one a shard`);
  // A paused process cannot close its sockets: the gateway does when another resumes.
  const broken = simulator.violations.filter(({ rule }) => rule !== 'second socket for session');
  expectation(broken.length === 0, `${broken.length} rules of the gateway broken`);
  for (const { rule, detail } of broken) console.log(`    ${rule}: ${detail}`);
}

let redis;
try {
  redis = await startRedis();
} catch {
  console.error('redis-server is not installed: apt-get install redis-server');
  process.exit(1);
}
const simulator = await createGatewaySimulator({ shards: SHARDS, identifyWindow: 100, sendLimit: 10_000 });
const workers = [];
const end = () => {
  for (const { child } of workers) child.kill('SIGKILL');
  redis.stop();
};
process.once('SIGINT', () => {
  end();
  process.exit(130);
});
try {
  await story(redis, simulator, workers);
} finally {
  end();
  await simulator.close();
}
console.log(unmet === 0 ? pc.green('\nEvery expectation was met.') : pc.red(`\n${unmet} expectations were not met.`));
process.exitCode = unmet === 0 ? 0 : 1;
