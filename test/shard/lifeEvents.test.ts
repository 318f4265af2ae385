import { expect, test } from 'vitest';
import type { createGatewaySimulator } from '../../src/simulator/index.js';
import { scenario, shardOn, simulate, until } from './rig.js';

const identifies = (simulator: Awaited<ReturnType<typeof createGatewaySimulator>>) =>
  simulator.connections.flatMap(({ frames }) => frames).filter(({ op }) => op === 2);

test(
  'READY never comes and heartbeats are acknowledged: given up after readyMax, and identified again',
  scenario(
    {
      simulator: { heartbeatInterval: 300 },
      shard: { timeouts: { ready: 1_000, readyMax: 2_500, close: 200 } },
    },
    async ({ simulator, shard, transitions }) => {
      simulator.next({ at: 'ready', skip: true });
      await shard.connect();
      expect(identifies(simulator)).toHaveLength(2);
      expect(transitions.map(({ decision }) => decision?.reason)).toContain('no READY, though the connection is alive');
    },
  ),
);

test(
  'HELLO: the event hello has its interval, after the chart has taken it',
  scenario({ simulator: { heartbeatInterval: 41_250 } }, async ({ shard }) => {
    const heard: unknown[] = [];
    shard.on('hello', (event) => heard.push({ ...event, state: shard.state }));
    await shard.connect();
    expect(heard).toEqual([{ interval: 41_250, state: 'Identifying' }]);
  }),
);

test(
  'an acknowledged heartbeat: the event heartbeat has latency, sentAt and ackAt',
  scenario({ simulator: { heartbeatInterval: 300 } }, async ({ shard }) => {
    const before = Date.now();
    const heard: { latency: number; sentAt: number; ackAt: number }[] = [];
    shard.on('heartbeat', (event) => heard.push(event));
    await shard.connect();
    await until(() => heard.length > 0);
    const [{ latency, sentAt, ackAt } = { latency: -1, sentAt: 0, ackAt: 0 }] = heard;
    expect(latency).toBeGreaterThanOrEqual(0);
    expect(sentAt).toBeGreaterThanOrEqual(before - 1);
    expect(ackAt - sentAt).toBeCloseTo(latency, -1);
  }),
);

test(
  'a connection that the network ends: disconnected has the error; one that a close frame ends has none',
  scenario({}, async ({ simulator, shard }) => {
    const ends: { code: number | null; error: Error | null }[] = [];
    shard.on('disconnected', ({ code, error }) => ends.push({ code, error }));
    await shard.connect();
    simulator.connections.at(-1)?.closeWith(4000);
    await until(() => ends.length === 1 && shard.state === 'Connected');
    simulator.connections.at(-1)?.reset();
    await until(() => ends.length === 2 && shard.state === 'Connected');
    expect(ends[0]).toEqual({ code: 4000, error: null });
    expect(ends[1]).toMatchObject({ code: 1006, error: { message: expect.stringContaining('ECONNRESET') } });
  }),
);

test(
  'an interval that leaves fewer than ten sends a minute: said once in the log, over two connections',
  scenario({ simulator: { heartbeatInterval: 500 } }, async ({ simulator, shard, lines }) => {
    await shard.connect();
    simulator.connections.at(-1)?.closeWith(4000);
    await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
    expect(lines.warn.filter((line) => line.includes('which leaves 1 of 120 payloads a minute'))).toHaveLength(1);
  }),
);

test(
  'acknowledged and no event for quiet.after: said once, and the connection stays',
  scenario(
    {
      simulator: { heartbeatInterval: 300 },
      shard: { backoff: { initial: 20, max: 100, stableAfter: 100 }, quiet: { after: 1_000 } },
    },
    async ({ simulator, shard, lines }) => {
      const heard: { lastDispatchAt: number }[] = [];
      shard.on('quiet', (event) => heard.push(event));
      await shard.connect();
      expect(shard.stats.lastDispatchAt).toBeGreaterThan(0);
      await until(() => heard.length === 1);
      await until(() => simulator.connections[0]!.frames.filter(({ op }) => op === 1).length > 8);
      expect(heard).toEqual([{ lastDispatchAt: shard.stats.lastDispatchAt }]);
      expect(lines.warn.filter((line) => line.includes('No event since'))).toHaveLength(1);
      expect(simulator.connections).toHaveLength(1);
    },
  ),
);

test('quiet.reconnect: a connection without an event is dropped and resumed, without an IDENTIFY', async () => {
  await using simulator = await simulate({ heartbeatInterval: 300 });
  await using shard = shardOn(simulator, {
    backoff: { initial: 20, max: 100, stableAfter: 100 },
    quiet: { after: 1_000, reconnect: true },
  });
  await shard.connect();
  await until(() => simulator.connections.length >= 2 && shard.state === 'Connected');
  expect(identifies(simulator)).toHaveLength(1);
});
