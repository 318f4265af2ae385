// The gateway of a soak, in a process of its own: numbered dispatches for every shard, and random faults that sessions survive.
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';
import { createFaults, total } from './faults.mjs';
import { createRandom } from './random.mjs';

const { faults: wanted, seed, shards, token } = JSON.parse(process.argv[2]);
const DISPATCH_EVERY_MS = 5;
/** Four faults of five come faster than a shard recovers; after the others it has time. */
const STORM = { share: 0.8, mostMs: 5 };
const CALM_MOST_MS = 200;

const random = createRandom(seed);
const simulator = await createGatewaySimulator({
  token,
  maxConcurrency: shards,
  identifyWindow: 0,
  heartbeatInterval: 400,
  // The gateway may not end a session because this machine is slow.
  heartbeatSlack: Infinity,
  sessionTimeout: 24 * 3_600_000,
  sendLimit: 1_000_000,
  maxReplay: 100_000_000,
  splitFrames: 700,
  record: false,
});
const faults = createFaults(simulator, random, shards);

/** Long and short ones, so that frames are cut in the middle and messages come in several frames. */
const filler = () => {
  const length = random.next() < 0.02 ? random.whole(1_000, 40_000) : random.whole(0, 200);
  return Buffer.from(Array.from({ length }, () => random.whole(0, 255))).toString('base64');
};

let sent = 0;
let sessionsLost = 0;
const dispatch = () => {
  const reached = simulator.dispatch('MESSAGE_CREATE', { n: sent, filler: filler() });
  sessionsLost = Math.max(sessionsLost, shards - reached);
  sent += 1;
};

let timer;
const next = () => {
  const most = random.next() < STORM.share ? STORM.mostMs : CALM_MOST_MS;
  timer = setTimeout(strike, random.next() * most);
};
const strike = () => {
  faults.strike();
  if (total(faults.struck) < wanted) return next();
  clearInterval(numbers);
  clearInterval(progress);
  faults.end();
  process.send({ type: 'done', sent, struck: faults.struck });
};

let numbers;
let progress;
process.on('message', async (message) => {
  if (message === 'start') {
    numbers = setInterval(dispatch, DISPATCH_EVERY_MS);
    progress = setInterval(() => process.send({ type: 'progress', sent, faults: total(faults.struck) }), 1_000);
    return next();
  }
  clearTimeout(timer);
  const { identifies, violations, connections } = simulator;
  process.send({
    type: 'report',
    sessionsLost,
    identifies: identifies.length,
    connections: connections.length,
    violations: violations.map(({ rule, detail }) => `${rule}: ${detail}`).slice(0, 10),
  });
  await simulator.close();
  process.disconnect();
});
process.send({ type: 'ready', url: simulator.url });
