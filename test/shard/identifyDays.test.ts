import { expect, onTestFinished, test, vi } from 'vitest';
import { createIdentifyLimiter, createMemorySessionStore, createShard, type Shard } from '../../src/index.js';
import { silentLogger } from './rig.js';
import { closeAfterAck, mostInADay, simulateTime } from './simulatedTime.js';

const DAY_MS = 86_400_000;
/** Discord's total is the shard's to keep here: the gateway under test refuses nothing. */
const UNLIMITED = { total: 1_000_000 };
/** The total that a shard assumes where it has asked no one. */
const DAY_TOTAL = 1_000;

test.each([
  { shards: 1, heartbeatInterval: 30_000, stepMs: 10_000, least: 900 },
  { shards: 100, heartbeatInterval: 600_000, stepMs: 20_000, least: 700 },
])(
  'READY, ack and 4009 again and again for a day: a process of $shards sends no more than 1 000 IDENTIFYs',
  async ({ shards: total, heartbeatInterval, stepMs, least }) => {
    const { simulator, pass } = await simulateTime({
      maxConcurrency: 16,
      heartbeatInterval,
      sessionStartLimit: UNLIMITED,
    });
    closeAfterAck(simulator, 4009);
    const identifyLimiter = createIdentifyLimiter({ maxConcurrency: 16 });
    const shards = Array.from({ length: total }, (_, id) =>
      createShard({ token: 'x', intents: 1, id, total, url: simulator.url, identifyLimiter, logger: silentLogger }),
    );
    onTestFinished(() => {
      for (const shard of shards) shard.forceClose();
    });
    for (const shard of shards) void shard.connect();
    await pass(DAY_MS, stepMs);
    const times = simulator.identifies.map(({ at }) => at);
    expect(mostInADay(times)).toBeGreaterThan(least);
    expect(mostInADay(times)).toBeLessThanOrEqual(DAY_TOTAL);
  },
);

test('500 processes a day, each of which loses its session after READY and crashes: 1 000 IDENTIFYs in 24 h at most', async () => {
  const { simulator, pass } = await simulateTime({
    sessionStartLimit: UNLIMITED,
    script: [{ at: 'ready', closeWith: 4009, times: Infinity }],
  });
  const sessionStore = createMemorySessionStore();
  let running: Shard | null = null;
  onTestFinished(() => running?.forceClose());
  for (let restart = 0; restart < 520; restart += 1) {
    running = createShard({ token: 'x', intents: 1, url: simulator.url, sessionStore, logger: silentLogger });
    running.connect().catch(() => {});
    await pass(DAY_MS / 500, 8_000);
    running.forceClose();
    await running.shutdown();
    // The process is gone, and its timers with it.
    vi.clearAllTimers();
  }
  const times = simulator.identifies.map(({ at }) => at);
  expect(mostInADay(times)).toBeGreaterThan(500);
  expect(mostInADay(times)).toBeLessThanOrEqual(DAY_TOTAL);
});
