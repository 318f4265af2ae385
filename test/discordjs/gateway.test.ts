import { Client, GatewayDispatchEvents } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { expect, onTestFinished, test } from 'vitest';
import { shardchartGateway } from '../../src/discordjs/index.js';
import { createMemorySessionStore, type ShardManagerOptions } from '../../src/index.js';
import type { SimulatorOptions } from '../../src/simulator/index.js';
import { managerOn } from '../manager/rig.js';
import { TOKEN } from '../shard/rig.js';
import { gateway, GUILD, INTENTS, unhandledRejections } from './rig.js';

/** \@discordjs/core 2.6 says Node 20 and needs Map.groupBy, which came with Node 21. */
function groupBy<K, V>(items: Iterable<V>, keyOf: (item: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
if (!('groupBy' in Map)) Object.assign(Map, { groupBy });

/** A client of @discordjs/core over a manager that has not connected. */
async function core(simulatorOptions: SimulatorOptions = {}, options: Partial<ShardManagerOptions> = {}) {
  const simulator = await gateway(simulatorOptions);
  const manager = managerOn(simulator, { intents: INTENTS, ...options });
  onTestFinished(() => manager.shutdown());
  const face = shardchartGateway(manager);
  const client = new Client({ rest: new REST({ api: simulator.apiBase }).setToken(TOKEN), gateway: face });
  return { simulator, manager, face, client };
}

test('a dispatch comes with its data and the id of its shard', async () => {
  const { simulator, manager, client } = await core({ shards: 2 });
  const seen: unknown[] = [];
  client.on(GatewayDispatchEvents.MessageCreate, ({ data, shardId }) => void seen.push([data.content, shardId]));
  await manager.connect();
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }), 1);
  await expect.poll(() => seen).toEqual([['hello', 1]]);
});

test('requestGuildMembers gets the members of a guild by op 8', async () => {
  const members = Array.from({ length: 1_500 }, (_, id) => ({ user: { id: String(id + 1), username: `u${id}` } }));
  const { simulator, manager, client } = await core({ guilds: [{ ...GUILD, members }] });
  await manager.connect();
  const { members: found } = await client.requestGuildMembers({ guild_id: GUILD.id, query: '', limit: 0 });
  expect(found.length).toBeGreaterThanOrEqual(1_500);
  expect(simulator.frames.filter(({ op }) => op === 8)).toHaveLength(1);
});

test('getShardCount waits before connect() until the manager knows the recommended number', async () => {
  const { manager, face } = await core({ shards: 3 });
  const count = face.getShardCount();
  await manager.connect();
  expect(await count).toBe(3);
  expect(await face.getShardCount()).toBe(3);
});

test('getShardCount rejects with CLOSED when the manager is shut down before it knows, and afterwards', async () => {
  const { manager, face } = await core();
  const count = face.getShardCount();
  const rejected = expect(count).rejects.toMatchObject({ code: 'CLOSED' });
  await manager.shutdown();
  await rejected;
  await expect(face.getShardCount()).rejects.toMatchObject({ code: 'CLOSED' });
});

test('what a listener throws is an unhandled rejection, and a refused send is none', async () => {
  const errors = unhandledRejections();
  const { simulator, manager, face } = await core();
  face.on('dispatch', ({ t }) => {
    if (t === 'TYPING_START') throw new Error('a bug of the bot');
  });
  void face.send(0, { op: 3, d: null });
  await manager.connect();
  simulator.dispatch('TYPING_START', {});
  await expect.poll(() => errors).toMatchObject([{ message: 'a bug of the bot' }]);
});

test('on() takes "dispatch" alone, and returns the gateway', async () => {
  const { face } = await core();
  expect(face.on('dispatch', () => {})).toBe(face);
  expect(() => face.on('ready', () => {})).toThrow(/"dispatch" alone/);
});

test('with a session store the next manager resumes with what was missed, for no identify', async () => {
  const sessionStore = createMemorySessionStore();
  const { simulator, manager } = await core({}, { sessionStore });
  await manager.connect();
  await manager.shutdown({ resumable: true });
  simulator.dispatch('TYPING_START', {});
  const next = managerOn(simulator, { intents: INTENTS, sessionStore });
  onTestFinished(() => next.shutdown());
  const seen: string[] = [];
  shardchartGateway(next).on('dispatch', ({ t }) => seen.push(t));
  await next.connect();
  await expect.poll(() => seen).toEqual(['TYPING_START', 'RESUMED']);
  expect(simulator.identifies).toHaveLength(1);
});
