import { describe, expect, test } from 'vitest';
import { createMemorySessionStore, createShard, createShardManager, type ShardOptions } from '../../src/index.js';
import { shardOn, simulate, silentLogger, TOKEN } from './rig.js';

const logins = (simulator: Awaited<ReturnType<typeof simulate>>) =>
  simulator.connections.map(({ frames }) => frames.find(({ op }) => op === 2 || op === 6)?.op);

/** A first shard leaves its session in a store; a second one, with these options, starts with that store. */
async function follows(first: Partial<ShardOptions>, second: Partial<ShardOptions>) {
  await using simulator = await simulate({ shards: 4, maxConcurrency: 4, identifyWindow: 1 });
  const sessionStore = createMemorySessionStore();
  const said: string[] = [];
  const logger = { ...silentLogger, error: (line: string) => void said.push(line) };
  for (const options of [first, second]) {
    await using shard = shardOn(simulator, { sessionStore, logger, ...options });
    await shard.connect();
    await shard.shutdown({ resumable: true });
  }
  return { logins: logins(simulator), said, row: await sessionStore.get(second.id ?? 0) };
}

describe('a stored session', () => {
  test('of the same intents and shard: resumed', async () => {
    expect(await follows({}, {})).toMatchObject({ logins: [2, 6], said: [] });
  });

  test('of other intents: said, and the shard identifies; the store has the new session', async () => {
    const { logins: ops, said, row } = await follows({ intents: 1 }, { intents: 3 });
    expect(ops).toEqual([2, 2]);
    expect(said).toEqual([
      expect.stringContaining('the stored session is not resumed: it has the intents 1, and the shard 3'),
    ]);
    expect(row).toMatchObject({ identifiedAs: { intents: 3, shard: [0, 1] } });
  });

  test('of another total: the shard identifies', async () => {
    const { logins: ops } = await follows({ id: 0, total: 1 }, { id: 0, total: 4 });
    expect(ops).toEqual([2, 2]);
  });

  test('without what it was identified with, as older releases wrote it: resumed', async () => {
    await using simulator = await simulate();
    const sessionStore = createMemorySessionStore();
    await using before = shardOn(simulator, { sessionStore });
    await before.connect();
    await before.shutdown({ resumable: true });
    const { id, sequence, resumeUrl } = (await sessionStore.get(0))!;
    await sessionStore.set(0, { id, sequence, resumeUrl });
    await using shard = shardOn(simulator, { sessionStore, intents: 3 });
    await shard.connect();
    expect(logins(simulator)).toEqual([2, 6]);
  });
});

test('a lone shard with a store: setTotal comes before get', async () => {
  await using simulator = await simulate({ shards: 4 });
  const calls: string[] = [];
  const store = createMemorySessionStore();
  await using shard = createShard({
    token: TOKEN,
    intents: 1,
    id: 2,
    total: 4,
    url: simulator.url,
    logger: silentLogger,
    sessionStore: {
      ...store,
      get: (id) => (calls.push(`get ${id}`), store.get(id)),
      setTotal: (total) => void calls.push(`setTotal ${total}`),
    },
  });
  await shard.connect();
  expect(calls).toEqual(['setTotal 4', 'get 2']);
});

test('a manager with a stored session of other intents: said, and its shard identifies', async () => {
  await using simulator = await simulate({ identifyWindow: 1 });
  const sessionStore = createMemorySessionStore();
  const said: string[] = [];
  for (const intents of [1, 3]) {
    await using manager = createShardManager({
      token: TOKEN,
      intents,
      total: 1,
      api: simulator.apiUrl,
      sessionStore,
      identifyWindow: 20,
      logger: { ...silentLogger, warn: (line: string) => void said.push(line) },
    });
    await manager.connect();
    await manager.shutdown({ resumable: true });
  }
  expect(logins(simulator)).toEqual([2, 2]);
  expect(said.filter((line) => line.includes('shard 0 is not resumed: it has the intents 1'))).toHaveLength(1);
});
