import { expect, test } from 'vitest';
import { createMemorySessionStore, createShard, type SessionStore } from '../../src/index.js';
import { managerOn, recordingLogger } from '../manager/rig.js';
import { simulate, TOKEN, until } from '../shard/rig.js';

/** A store of a bot that has just used up its permits, in a process before this one. */
function spentStore(): SessionStore {
  const store = createMemorySessionStore();
  void store.setIdentifies?.({ hours: [[Date.now(), 11]], spare: 0, at: Date.now() });
  return store;
}

/** READY, and at once a close code that ends the session. */
const LOOP = { script: [{ at: 'ready', closeWith: 4009, times: Infinity }] } as const;

test('a bare shard after a crash loop: its first IDENTIFY leaves, the second waits, and the log says once until when', async () => {
  const simulator = await simulate(LOOP);
  const { lines, logger } = recordingLogger();
  const sessionStore = spentStore();
  const shard = createShard({
    token: TOKEN,
    intents: 1,
    url: simulator.url,
    sessionStore,
    logger,
    backoff: { initial: 20, max: 100 },
  });
  const ended = shard.connect().catch((error: unknown) => error);
  const said = () => lines.warn.filter((line) => line.includes('identified too often'));
  await until(() => said().length > 0);
  expect(said()).toEqual([expect.stringMatching(/next IDENTIFY leaves at \d{4}-\d\d-\d\dT/)]);
  expect(simulator.identifies).toHaveLength(1);
  expect(await sessionStore.getIdentifies?.()).toMatchObject({ spare: 0 });
  await shard.shutdown();
  await ended;
  await simulator.close();
});

test('a manager after a crash loop emits exhausted with the time of the next permit, and sends one IDENTIFY', async () => {
  const simulator = await simulate(LOOP);
  const manager = managerOn(simulator, { total: 1, sessionStore: spentStore() });
  const resetIn: number[] = [];
  manager.on('exhausted', ({ resetAt }) => resetIn.push(resetAt - Date.now()));
  const ended = manager.connect().catch((error: unknown) => error);
  await until(() => resetIn.length > 0);
  expect(resetIn[0]).toBeGreaterThan(60_000);
  expect(resetIn[0]).toBeLessThan(100_000);
  expect(simulator.identifies).toHaveLength(1);
  await manager.shutdown();
  await ended;
  await simulator.close();
});
