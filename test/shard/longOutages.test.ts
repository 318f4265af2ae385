import { expect, onTestFinished, test } from 'vitest';
import { createIdentifyLimiter, createShard } from '../../src/index.js';
import { silentLogger } from './rig.js';
import { simulateTime } from './simulatedTime.js';

const SHARDS = 40;
const MINUTE_MS = 60_000;

/** Forty shards that are Connected, and what each of them receives. */
async function fleet() {
  const time = await simulateTime({ maxConcurrency: SHARDS, sessionTimeout: 60 * MINUTE_MS });
  const { simulator, pass } = time;
  const logins = { identify: 0, resume: 0 };
  simulator.onFrame(({ direction, op }) => {
    if (direction === 'client' && op === 2) logins.identify += 1;
    if (direction === 'client' && op === 6) logins.resume += 1;
  });
  const identifyLimiter = createIdentifyLimiter({ maxConcurrency: SHARDS });
  const received: number[][] = [];
  const shards = Array.from({ length: SHARDS }, (_, id) => {
    const shard = createShard({
      token: 'x',
      intents: 1,
      id,
      total: SHARDS,
      url: simulator.url,
      identifyLimiter,
      logger: silentLogger,
    });
    const own: number[] = [];
    received.push(own);
    shard.on('MESSAGE_CREATE', (message) => void own.push((message as unknown as { n: number }).n));
    void shard.connect();
    return shard;
  });
  onTestFinished(() => {
    for (const shard of shards) shard.forceClose();
  });
  const isUp = () => shards.every(({ state }) => state === 'Connected');
  await pass(MINUTE_MS, 500, isUp);
  expect(shards.map(({ state }) => state)).toEqual(shards.map(() => 'Connected'));
  return { ...time, logins, received, isUp };
}

test.each([8_000, 2 * MINUTE_MS, 10 * MINUTE_MS])(
  'both URLs refuse 40 shards for %d ms: 40 RESUMEs, no second IDENTIFY, and no event is missed',
  async (outageMs) => {
    const { simulator, pass, logins, received, isUp } = await fleet();
    let sent = 0;
    const dispatch = () => simulator.dispatch('MESSAGE_CREATE', { n: (sent += 1) });
    dispatch();
    await pass(1_000, 1_000);
    // Every later upgrade, at either URL, ends in a reset: no word of the gateway.
    const revive = simulator.next({ at: 'upgrade', reset: true, times: Infinity });
    simulator.reset();
    for (let passed = 0; passed < outageMs; passed += 4_000) {
      dispatch();
      await pass(4_000, 1_000);
    }
    const refused = simulator.log.filter((entry) => entry.kind === 'upgrade' && entry.outcome === 'reset');
    expect(refused.length).toBeGreaterThan(SHARDS);
    expect(isUp()).toBe(false);
    expect(logins).toEqual({ identify: SHARDS, resume: 0 });
    revive();
    await pass(5 * MINUTE_MS, 1_000, isUp);
    dispatch();
    await pass(1_000, 1_000);
    expect(logins).toEqual({ identify: SHARDS, resume: SHARDS });
    const all = Array.from({ length: sent }, (_, index) => index + 1);
    expect(received).toEqual(received.map(() => all));
    expect(simulator.violations).toEqual([]);
  },
);

test('64 shards at max_concurrency 16 are Connected within 20 s of the start', async () => {
  const { simulator, pass } = await simulateTime({ maxConcurrency: 16 });
  const identifyLimiter = createIdentifyLimiter({ maxConcurrency: 16 });
  const shards = Array.from({ length: 64 }, (_, id) =>
    createShard({ token: 'x', intents: 1, id, total: 64, url: simulator.url, identifyLimiter, logger: silentLogger }),
  );
  onTestFinished(() => {
    for (const shard of shards) shard.forceClose();
  });
  for (const shard of shards) void shard.connect();
  await pass(20_000, 100);
  expect(shards.filter(({ state }) => state === 'Connected')).toHaveLength(64);
  expect(simulator.identifies).toHaveLength(64);
  expect(simulator.violations).toEqual([]);
});
