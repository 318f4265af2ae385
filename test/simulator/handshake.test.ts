import { describe, expect, test } from 'vitest';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('connecting', () => {
  test('a new connection gets HELLO with the heartbeat interval', async () => {
    const simulator = await simulate({ heartbeatInterval: 12_345 });
    const client = await connected(simulator);
    expect(client.frames[0]).toMatchObject({ op: 10, t: null, s: null, d: { heartbeat_interval: 12_345 } });
  });

  test("a frame has its keys in Discord's order: t, s, op, d", async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    expect(client.messages[0]?.data.toString()).toMatch(/^\{"t":null,"s":null,"op":10,"d":\{/);
    expect(client.messages[1]?.data.toString()).toMatch(/^\{"t":"READY","s":1,"op":0,"d":\{/);
  });

  test.each(['8', '11', 'ten', undefined])('v=%s closes with 4012', async (v) => {
    const simulator = await simulate();
    const client = new RawClient(simulator.url, v === undefined ? {} : { v });
    expect((await client.ended()).code).toBe(4012);
    expect(broken(simulator)).toEqual(['invalid API version']);
  });

  test('v=9 gets a READY of version 9', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, {}, { v: '9' });
    expect((await client.event('READY')).d.v).toBe(9);
  });

  test.each([{ encoding: 'etf' }, { compress: 'gzip' }])(
    'an upgrade with %o is refused with HTTP 400',
    async (query) => {
      const simulator = await simulate();
      const client = new RawClient(simulator.url, { v: '10', ...query });
      expect(await eventually(() => client.refused)).toMatchObject({ status: 400 });
      expect(simulator.connections).toEqual([]);
    },
  );

  test('an upgrade at an unknown path is refused with HTTP 404', async () => {
    const simulator = await simulate();
    const client = new RawClient(`${simulator.url}/elsewhere`);
    expect(await eventually(() => client.refused)).toMatchObject({ status: 404 });
  });
});

describe('IDENTIFY', () => {
  test('is answered with READY: sequence 1, the shard, and a resume URL with another path', async () => {
    const simulator = await simulate({ user: { id: '42', username: 'robot' } });
    const { client, sessionId } = await identified(simulator, { shard: [1, 4] });
    const ready = await client.event('READY');
    expect(ready).toMatchObject({
      s: 1,
      d: {
        v: 10,
        shard: [1, 4],
        resume_gateway_url: `${simulator.url}/resume`,
        user: { id: '42', username: 'robot' },
        guilds: [],
      },
    });
    expect(ready.d.application.id).toBe('42');
    expect(simulator.sessions.get(sessionId)).toMatchObject({
      shardId: 1,
      total: 4,
      intents: 1,
      sequence: 1,
      connection: 1,
    });
    expect(simulator.connections[0]).toMatchObject({
      id: 1,
      shardId: 1,
      sessionId,
      open: true,
      path: '/',
      closedBy: null,
    });
    expect(broken(simulator)).toEqual([]);
  });

  test('without shard makes shard 0 of 1', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, { shard: undefined });
    expect((await client.event('READY')).d.shard).toEqual([0, 1]);
  });

  test('gets the guilds of its shard: unavailable in READY, then GUILD_CREATE', async () => {
    const [even, odd] = [String(2_000n << 22n), String(2_001n << 22n)];
    const guilds = [
      { id: even, name: 'even', member_count: 3 },
      { id: odd, name: 'odd' },
    ];
    const simulator = await simulate({ guilds });
    const { client } = await identified(simulator, { shard: [0, 2] });
    expect((await client.event('READY')).d.guilds).toEqual([{ id: even, unavailable: true }]);
    expect(await client.event('GUILD_CREATE')).toMatchObject({
      s: 2,
      d: { name: 'even', member_count: 3, unavailable: false },
    });
    expect(client.dispatches).toEqual([['GUILD_CREATE', 2]]);
  });

  test('without the GUILDS intent gets no GUILD_CREATE', async () => {
    const simulator = await simulate({ guilds: [{ id: '1', name: 'one' }] });
    const { client } = await identified(simulator, { intents: 512 });
    await client.settled();
    expect(client.dispatches).toEqual([]);
  });

  test.each([
    ['a wrong token', { token: 'other' }, 4004, 'authentication failed'],
    ['a token with "Bot " before it', { token: 'Bot secret' }, 4004, 'authentication failed'],
    ['no token', { token: undefined }, 4004, 'authentication failed'],
    ['no properties', { properties: undefined }, 4002, 'decode error'],
    ['a large_threshold of 20', { large_threshold: 20 }, 4002, 'decode error'],
    ['compress that is not a boolean', { compress: 1 }, 4002, 'decode error'],
    ['a presence that is not an object', { presence: 'online' }, 4002, 'decode error'],
    ['a shard beyond the total', { shard: [2, 2] }, 4010, 'invalid shard'],
    ['a negative shard', { shard: [-1, 2] }, 4010, 'invalid shard'],
    ['a shard that is not a pair', { shard: 3 }, 4010, 'invalid shard'],
    ['a total of 1 where sharding is required', { shard: [0, 1] }, 4011, 'sharding required'],
    ['no intents', { shard: [0, 2], intents: undefined }, 4013, 'invalid intents'],
    ['negative intents', { shard: [0, 2], intents: -1 }, 4013, 'invalid intents'],
    ['intents that do not exist', { shard: [0, 2], intents: 2 ** 40 }, 4013, 'invalid intents'],
    ['intents that were not granted', { shard: [0, 2], intents: 3 }, 4014, 'disallowed intents'],
  ])('with %s, %j, closes with %i: %s', async (_name, fields, code, rule) => {
    const options = { token: 'secret', requireSharding: true, allowedIntents: 1_023, disallowedIntents: 2 };
    const simulator = await simulate(options);
    const client = await connected(simulator);
    client.identify(fields);
    expect((await client.ended()).code).toBe(code);
    expect(broken(simulator)).toEqual([rule]);
    expect(simulator.budget.remaining).toBe(1_000);
  });

  test('without an object as d closes with 4002', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(2, null);
    expect((await client.ended()).code).toBe(4002);
  });

  test('sent twice closes with 4005', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.identify();
    expect((await client.ended()).code).toBe(4005);
    expect(broken(simulator)).toEqual(['already authenticated']);
  });

  test('on a second connection of a shard opens a second session, and is a violation', async () => {
    const simulator = await simulate();
    await identified(simulator);
    await identified(simulator);
    expect(broken(simulator)).toEqual(['second session for shard']);
    expect(simulator.sessions.size).toBe(2);
  });
});

describe('the limits on IDENTIFY', () => {
  test('a second IDENTIFY in the window of its bucket gets op 9 false, one of another bucket READY', async () => {
    const simulator = await simulate({ maxConcurrency: 2, identifyWindow: 600_000 });
    await identified(simulator, { shard: [0, 4] });
    await identified(simulator, { shard: [1, 4] });
    const client = await connected(simulator);
    client.identify({ shard: [2, 4] });
    expect((await client.op(9)).d).toBe(false);
    expect(broken(simulator)).toEqual(['identify too fast']);
    expect(simulator.identifies.map(({ shardId, bucket, outcome }) => [shardId, bucket, outcome])).toEqual([
      [0, 0, 'accepted'],
      [1, 1, 'accepted'],
      [2, 0, 'identify too fast'],
    ]);
  });

  test('an IDENTIFY 1 ms before the end of the window on `now` gets op 9 false, one after it READY', async () => {
    let now = 0;
    const simulator = await simulate({ identifyWindow: 5_000, identifyTolerance: 0, now: () => now });
    await identified(simulator, { shard: [0, 3] });
    now = 4_999;
    const early = await connected(simulator);
    early.identify({ shard: [1, 3] });
    expect((await early.op(9)).d).toBe(false);
    now = 9_999;
    await identified(simulator, { shard: [1, 3] });
    expect(broken(simulator)).toEqual(['identify too fast']);
  });

  test('an IDENTIFY that is early by identifyTolerance gets READY', async () => {
    let now = 0;
    const simulator = await simulate({ identifyWindow: 5_000, identifyTolerance: 100, now: () => now });
    await identified(simulator, { shard: [0, 2] });
    now = 4_900;
    await identified(simulator, { shard: [1, 2] });
    expect(broken(simulator)).toEqual([]);
  });

  test('an IDENTIFY over the budget gets op 9 false until resetAfter has passed', async () => {
    let now = 0;
    const simulator = await simulate({
      sessionStartLimit: { total: 5, remaining: 1, resetAfter: 1_000 },
      now: () => now,
    });
    await identified(simulator, { shard: [0, 3] });
    expect(simulator.budget).toEqual({ total: 5, remaining: 0, resetAfter: 1_000 });
    const client = await connected(simulator);
    client.identify({ shard: [1, 3] });
    expect((await client.op(9)).d).toBe(false);
    expect(broken(simulator)).toEqual(['identify budget spent']);
    now = 1_000;
    expect(simulator.budget).toEqual({ total: 5, remaining: 5, resetAfter: 86_400_000 });
    client.identify({ shard: [1, 3] });
    await client.event('READY');
    expect(simulator.budget.remaining).toBe(4);
  });
});
