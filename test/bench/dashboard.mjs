// The cost of the live page while much happens: npm run bench:dashboard -- [--shards 1000] [--rate 1000] [--rounds 5]
// [--seconds 6] [--no-browser] [--json]. The gateway, the viewers and the browser are processes of their own.
//
// --rate is transitions a second of all shards, made by RECONNECT (op 7), each of which is four. CPU time is that of the
// bot's process for a transition, in turns with no dashboard, with one that has no viewer, and with one viewer: a viewer costs
// the difference, as per cent of a core at that rate. The browser's figure is the time its main thread is busy.
import { fork } from 'node:child_process';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createShardManager } from '../../dist/src/index.js';
import { serveDashboard } from '../../dist/src/dashboard/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';
import { chromiumPath, howToInstall, launchChromium } from '../../dist/visualizations/chromium.js';
import { summary } from './stats.mjs';

const TRANSITIONS_OF_A_RECONNECT = 4;
const TURN_MS = 50;
const SETTLE_MS = 500;

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    'no-browser': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    gateway: { type: 'boolean', default: false },
  },
});
const [shards, rate, rounds, seconds] = ['shards', 'rate', 'rounds', 'seconds'].map((name) => Number(values[name]));

await (values.gateway ? beGateway() : measure());

/** The simulator, and the viewer that only reads. */
async function beGateway() {
  const simulator = await createGatewaySimulator({
    shards,
    maxConcurrency: shards,
    identifyWindow: 10,
    heartbeatSlack: 60_000,
    sessionStartLimit: { total: 2 * shards + 10 },
    record: false,
    maxFrames: 100,
  });
  let next = 0;
  let owed = 0;
  let viewer = null;
  let bytes = 0;
  process.on('disconnect', () => process.exit());
  process.on('message', ({ look, go }) => {
    if (go) {
      setInterval(() => {
        owed += (rate / TRANSITIONS_OF_A_RECONNECT) * (TURN_MS / 1_000);
        for (; owed >= 1; owed -= 1) simulator.apply({ reconnect: true }, next++ % shards);
      }, TURN_MS);
    }
    if (look !== undefined) {
      viewer?.destroy();
      viewer = look && get(look, (response) => response.on('data', (chunk) => (bytes += chunk.length)));
      viewer?.on('error', () => {});
      process.send({ bytes });
    }
  });
  process.send({ api: simulator.apiUrl });
}

async function measure() {
  const gateway = fork(process.argv[1], ['--gateway', ...process.argv.slice(2)]);
  const ask = (message) => {
    const answer = new Promise((resolve) => gateway.once('message', resolve));
    if (message !== null) gateway.send(message);
    return answer;
  };
  const { api } = await ask(null);
  const backoff = { initial: 20, max: 100 };
  const manager = createShardManager({ token: 'token', intents: 0, api, identifyWindow: 20, options: { backoff } });
  let transitions = 0;
  manager.on('transition', () => (transitions += 1));
  await manager.connect();
  gateway.send({ go: true });
  await delay(3_000);

  const turn = async () => {
    await delay(SETTLE_MS);
    const [before, since, start] = [transitions, process.cpuUsage(), performance.now()];
    await delay(seconds * 1_000);
    const { user, system } = process.cpuUsage(since);
    const took = transitions - before;
    return { usEach: (user + system) / took, perSecond: took / ((performance.now() - start) / 1_000) };
  };
  const turns = { without: [], unseen: [], viewed: [] };
  let received = 0;
  for (let round = 0; round < rounds; round += 1) {
    turns.without.push(await turn());
    const dashboard = serveDashboard(manager);
    await dashboard.ready;
    turns.unseen.push(await turn());
    const { bytes: before } = await ask({ look: `${dashboard.url}events?shard=7` });
    turns.viewed.push(await turn());
    received += (await ask({ look: null })).bytes - before;
    await dashboard.stop();
  }
  const browser = values['no-browser'] || chromiumPath === null ? null : await inBrowser(manager);
  await manager.shutdown();
  gateway.disconnect();

  const percent = (name) =>
    summary(turns[name].map(({ usEach }, round) => ((usEach - turns.without[round].usEach) * rate) / 10_000));
  const figures = {
    shards,
    rate,
    rounds,
    perSecond: summary(Object.values(turns).flatMap((of) => of.map(({ perSecond }) => perSecond))),
    usEach: Object.fromEntries(Object.entries(turns).map(([name, of]) => [name, summary(of.map((it) => it.usEach))])),
    percentOfACore: { unseen: percent('unseen'), viewed: percent('viewed') },
    bytesPerSecond: received / (rounds * (seconds + SETTLE_MS / 1_000)),
    browser,
  };
  console.log(values.json ? JSON.stringify(figures) : told(figures));
}

async function inBrowser(manager) {
  const dashboard = serveDashboard(manager);
  await dashboard.ready;
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(dashboard.url);
    await page.waitForSelector('.cell[data-key]');
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const look = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      const of = (name) => metrics.find((metric) => metric.name === name).value;
      return { at: performance.now(), busyMs: of('TaskDuration') * 1_000, heapBytes: of('JSHeapUsedSize') };
    };
    await delay(2_000);
    const busy = [];
    let before = await look();
    for (let round = 0; round < rounds; round += 1) {
      await delay(seconds * 1_000);
      const now = await look();
      busy.push((100 * (now.busyMs - before.busyMs)) / (now.at - before.at));
      before = now;
    }
    return { mainThreadPercent: summary(busy), heapMiB: before.heapBytes / 1_048_576 };
  } finally {
    await browser.close();
    await dashboard.stop();
  }
}

function range({ median, low, high }, digits = 1) {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function told({ perSecond, usEach, percentOfACore, bytesPerSecond, browser }) {
  const lines = [
    `${shards} shards, ${range(perSecond, 0)} transitions a second, ${rounds} rounds: median (range)`,
    `CPU a transition, µs      ${range(usEach.without, 0)}; dashboard without viewer ${range(usEach.unseen, 0)}; one viewer ${range(usEach.viewed, 0)}`,
    `at ${rate} a second, % of a core above the shards' own:`,
    `  no viewer               ${range(percentOfACore.unseen)}`,
    `  one viewer              ${range(percentOfACore.viewed)}`,
    `sent to the viewer        ${(bytesPerSecond / 1_024).toFixed(0)} KiB/s`,
    browser === null
      ? `browser                   SKIPPED: there is no Chromium here. ${howToInstall}`
      : `browser's main thread     ${range(browser.mainThreadPercent)} %, heap ${browser.heapMiB.toFixed(1)} MiB`,
  ];
  return lines.join('\n');
}
