import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createColors } from 'picocolors';
import { drawFleet } from '../../src/cli/commands/fleet/drawFleet.js';
import type { FleetStatus } from '../../src/fleet/index.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { hasRedis, RedisServer } from '../fleet/redisRig.js';
import { Command, TOKEN, until } from './command.js';

const shard = (id: number, worker: string | null, state: string | null) =>
  ({ id, worker, state, latency: state === 'Connected' ? 20 : null, sessionAge: null, events: null }) as const;

test('a fleet is drawn with a row for each worker, the shards that are away, and the lag of consumers', () => {
  const status: FleetStatus = {
    total: 3,
    nextTotal: 6,
    workers: [
      { worker: 'w-1', state: 'serving', shards: 2, capacity: 16, since: 0, beatAgo: 400 },
      { worker: 'w-22', state: 'gone', shards: 0, capacity: null, since: 60_000, beatAgo: 5_000 },
    ],
    shards: [shard(0, 'w-1', 'Connected'), shard(1, 'w-1', 'Resuming'), shard(2, null, null)],
    identifies: { waiting: 0, total: 1_000, remaining: 990, resetAt: 0 },
    groups: [{ group: 'bots', lag: 1_200, pending: 3 }],
  };
  expect(drawFleet(status, createColors(false), 120_000)).toEqual([
    '1/3 up · 1 worker · being resharded to 6',
    '990 of 1 000 identifies left until 1970-01-01T00:00:00.000Z',
    '',
    'worker  state       shards      up     latency    last beat        joined',
    'w-1     serving       2/16       1       20 ms    0.4 s ago        2m 00s',
    'w-22    gone             0       0           -    5.0 s ago        1m 00s',
    '',
    'Resuming: 1',
    'no worker: 2',
    '',
    'consumers bots: 1 200 events behind, 3 not acknowledged',
  ]);
});

describe.runIf(hasRedis)('shardchart fleet', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  test('two workers share the shards; status names both; drain and reshard are carried out; SIGINT ends them with 0', async () => {
    await using simulator = await createGatewaySimulator({ identifyWindow: 50, shards: 4, sendLimit: 10_000 });
    const env = { DISCORD_TOKEN: TOKEN, SHARDCHART_API_URL: simulator.apiUrl, SHARDCHART_REDIS_URL: redis.url };
    const worker = (name: string) =>
      new Command(['fleet', '--name', 'bot', '--worker', name, '--identify-window', '60', '--json'], env);
    const ask = async (...args: string[]) => {
      await using command = new Command(['fleet', ...args, '--name', 'bot'], env);
      return { code: await command.exit, text: command.stdout, errors: command.stderr };
    };
    const shares = async () => {
      const { text } = await ask('status', '--json');
      const { workers, shards } = JSON.parse(text) as FleetStatus;
      const isUp = shards.every(({ state }) => state === 'Connected');
      return isUp ? workers.map((row) => [row.worker, row.shards]) : 'not up';
    };
    await using first = worker('w-1');
    await until('the first worker', () => first.stderr.includes('runs 4 of 4 shards'), 60_000);
    await using second = worker('w-2');
    await expect.poll(shares, { timeout: 60_000 }).toEqual([
      ['w-1', 2],
      ['w-2', 2],
    ]);
    expect((await ask('status')).text).toContain('4/4 up · 2 workers');
    expect(await ask('drain', 'w-1')).toMatchObject({
      code: 0,
      text: 'w-1 has given its shards away, and stands by\n',
    });
    expect(await ask('drain', 'w-9')).toMatchObject({ code: 1, text: '' });
    await expect.poll(shares, { timeout: 60_000 }).toEqual([
      ['w-1', 0],
      ['w-2', 4],
    ]);
    await using page = new Command(['fleet', 'dashboard', '--name', 'bot', '--json'], env);
    await page.until('its address', ({ stdout }) => stdout.includes('\n'));
    const { dashboard } = JSON.parse(page.stdout) as { dashboard: string };
    const answer = await fetch(new URL('status.json', dashboard));
    expect(await answer.json()).toMatchObject({ status: { total: 4 }, incidents: [] });
    expect((await fetch(dashboard, { headers: { origin: 'http://elsewhere.example' } })).status).toBe(403);
    page.interrupt();
    expect(await page.exit).toBe(0);
    expect(await ask('reshard', '6')).toMatchObject({ code: 0, text: 'the fleet has 6 shards now\n' });
    first.child.kill('SIGINT');
    second.child.kill('SIGINT');
    expect([await first.exit, await second.exit]).toEqual([0, 0]);
    expect(simulator.violations).toEqual([]);
    expect(first.stderr + second.stderr + second.stdout).not.toContain(TOKEN);
  });

  test('a name that no fleet can have ends it with 2, and a fleet without workers is shown as such', async () => {
    await using wrong = new Command(['fleet', 'status', '--name', 'a b', '--redis', redis.url]);
    expect(await wrong.exit).toBe(2);
    expect(wrong.stderr).toContain('`name` must be');
    await using none = new Command(['fleet', 'status', '--name', 'none', '--redis', redis.url]);
    expect(await none.exit).toBe(0);
    expect(none.stdout).toContain('no worker has joined yet');
  });
});
