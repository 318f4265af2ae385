import { REST } from '@discordjs/rest';
import * as ws2 from 'discordjs-ws-2';
import { expect, onTestFinished, test, vi } from 'vitest';
import { shardchartStrategy, type ShardchartStrategyOptions } from '../../src/discordjs/index.js';
import type { SimulatorOptions } from '../../src/simulator/index.js';
import { silentLogger, TOKEN } from '../shard/rig.js';
import { gateway, GUILD, INTENTS, opsOf, quickLimiter, unhandledRejections } from './rig.js';

interface Scenario {
  readonly simulator?: SimulatorOptions;
  readonly strategy?: ShardchartStrategyOptions;
  readonly manager?: Partial<ws2.CreateWebSocketManagerOptions>;
}

/** A bare manager of @discordjs/ws 2 with sessions of its own, on a simulator of its own. */
async function managed({ simulator: given, strategy, manager: options }: Scenario = {}) {
  const simulator = await gateway(given, ['disallowed intents', 'unknown opcode']);
  const sessions = new Map<number, ws2.SessionInfo | null>();
  const manager = new ws2.WebSocketManager({
    token: TOKEN,
    intents: INTENTS as never,
    rest: new REST({ api: simulator.apiBase, retries: 0 }).setToken(TOKEN),
    retrieveSessionInfo: (shardId) => sessions.get(shardId) ?? null,
    updateSessionInfo: (shardId, session) => void sessions.set(shardId, session),
    ...options,
    buildStrategy: shardchartStrategy({ logger: silentLogger, identifyLimiter: quickLimiter(), ...strategy }),
  });
  onTestFinished(() => manager.destroy());
  return { simulator, manager, sessions };
}

const { Idle, Ready } = ws2.WebSocketShardStatus;

test('fetchStatus has the ids from spawn on, all Idle, and all Ready after connect()', async () => {
  const { manager } = await managed({ simulator: { shards: 2, maxConcurrency: 2 } });
  expect((await manager.fetchStatus()).size).toBe(0);
  await manager.updateShardCount(2);
  expect([...(await manager.fetchStatus())]).toEqual([
    [0, Idle],
    [1, Idle],
  ]);
  await manager.connect();
  const status = await manager.fetchStatus();
  expect(status.every((one) => one === Ready)).toBe(true);
  expect(status.some((one) => one === Idle)).toBe(false);
  expect(status.filter((_, id) => id === 1).map((one, id) => [id, one])).toEqual([[1, Ready]]);
  expect(status.mapValues(String).get(0)).toBe('3');
});

test('a session of the hooks is resumed by the next manager, with what was missed', async () => {
  const first = await managed();
  await first.manager.connect();
  await first.manager.destroy({ code: 4200, reason: 'another process goes on' });
  expect(first.sessions.get(0)).toMatchObject({ shardId: 0, shardCount: 1, sequence: expect.any(Number) });
  first.simulator.dispatch('TYPING_START', {});
  const strategy = shardchartStrategy({ logger: silentLogger });
  const next = new ws2.WebSocketManager({ ...first.manager.options, token: TOKEN, buildStrategy: strategy });
  onTestFinished(() => next.destroy());
  const seen: string[] = [];
  next.on(ws2.WebSocketShardEvents.Dispatch, ({ t }) => void seen.push(t));
  await next.connect();
  expect(seen).toEqual(['TYPING_START', 'RESUMED']);
  expect(opsOf(first.simulator)).toEqual([2, 6]);
});

test('a session of another number of shards is not resumed', async () => {
  const { simulator, manager, sessions } = await managed();
  const resumeURL = simulator.resumeUrl;
  sessions.set(0, { sessionId: 'of-two-shards', sequence: 7, resumeURL, shardId: 0, shardCount: 2 });
  await manager.connect();
  expect(opsOf(simulator)).toEqual([2]);
});

test('destroy() with 1000 takes the session from the hooks', async () => {
  const { manager, sessions } = await managed();
  await manager.connect();
  expect(sessions.get(0)).not.toBeNull();
  await manager.destroy();
  expect(sessions.get(0)).toBeNull();
});

test('the hooks get the sequence of a dispatch within seconds', async () => {
  const { simulator, manager, sessions } = await managed();
  await manager.connect();
  const before = sessions.get(0)?.sequence ?? 0;
  simulator.dispatch('TYPING_START', {});
  await expect.poll(() => sessions.get(0)?.sequence, { timeout: 10_000 }).toBeGreaterThan(before);
});

test('a hook that fails is reported to the logger, and the shard goes up', async () => {
  const errors = unhandledRejections();
  const error = vi.fn<(line: string) => void>();
  const { manager } = await managed({
    strategy: { logger: { ...silentLogger, error } },
    manager: { updateSessionInfo: () => Promise.reject(new Error('the database is away')) },
  });
  await manager.connect();
  await expect.poll(() => error.mock.calls.join('\n')).toContain('the database is away');
  expect(errors).toEqual([]);
});

test('send to a shard that does not run here rejects with a RangeError, and ends no process unhandled', async () => {
  const errors = unhandledRejections();
  const { manager } = await managed();
  await manager.connect();
  const payload = { op: 3, d: { status: 'idle', activities: [], since: null, afk: false } } as never;
  await expect(manager.send(7, payload)).rejects.toThrow(new RangeError('Shard 7 not found'));
  void manager.send(7, payload);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(errors).toEqual([]);
});

test('an op that this package does not know is sent as it is', async () => {
  const { simulator, manager } = await managed();
  await manager.connect();
  await manager.send(0, { op: 99, d: { of: 'tomorrow' } } as never);
  const { d } = await simulator.waitForFrame(({ op }) => op === 99);
  expect(d).toEqual({ of: 'tomorrow' });
});

test('4014 while connected, without a listener for error: the logger says so, and nothing is thrown', async () => {
  const errors = unhandledRejections();
  const error = vi.fn<(line: string) => void>();
  const { simulator, manager } = await managed({ strategy: { logger: { ...silentLogger, error } } });
  await manager.connect();
  simulator.closeWith(4014);
  await expect.poll(() => error.mock.calls.join('\n')).toContain('4014');
  expect(errors).toEqual([]);
});

test('an onManager that throws makes connect() reject with its error, and leaves nothing running', async () => {
  const { simulator, manager } = await managed({
    strategy: {
      onManager() {
        throw new Error('the page has no port');
      },
    },
  });
  await expect(manager.connect()).rejects.toThrow('the page has no port');
  expect((await manager.fetchStatus()).size).toBe(0);
  expect(simulator.connections).toEqual([]);
});

test('a second connect() asks GET /gateway/bot again: the day has an identify less', async () => {
  const { simulator, manager } = await managed();
  await manager.connect();
  await manager.destroy();
  const asked = () => simulator.log.filter(({ kind }) => kind === 'api').length;
  const before = asked();
  await manager.connect();
  expect(asked()).toBe(before + 1);
  expect(simulator.budget.remaining).toBe(998);
});

test('a guild of the shard comes with the shard id last, as @discordjs/ws 2 emits it', async () => {
  const { manager } = await managed();
  const seen: unknown[] = [];
  manager.on(ws2.WebSocketShardEvents.Dispatch, ({ t, d }, shardId) => {
    if (t === 'GUILD_CREATE') seen.push([(d as { id: string }).id, shardId]);
  });
  await manager.connect();
  await expect.poll(() => seen).toEqual([[GUILD.id, 0]]);
});
