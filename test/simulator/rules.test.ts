import { describe, expect, test } from 'vitest';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

/** Command with a size of so many bytes. */
function padded(bytes: number): string {
  return JSON.stringify({ op: 8, d: '' }).replace('""', `"${'x'.repeat(bytes - 15)}"`);
}

describe('a payload', () => {
  test.each(['not json', '[1]', '"text"', '{"d":null}', '{"op":"1","d":null}', '{"op":1.5}'])(
    'of %s closes with 4002',
    async (text) => {
      const simulator = await simulate();
      const client = await connected(simulator);
      client.socket.send(text);
      expect((await client.ended()).code).toBe(4002);
      expect(broken(simulator)).toEqual(['decode error']);
    },
  );

  test('of 4096 bytes is accepted, one of 4097 closes with 4002', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.socket.send(padded(4_096));
    await client.settled();
    expect(client.closed).toBe(null);
    client.socket.send(padded(4_097));
    expect((await client.ended()).code).toBe(4002);
    expect(broken(simulator)).toEqual(['over 4096 bytes']);
    expect(simulator.frames.filter(({ op }) => op === 8).map(({ bytes }) => bytes)).toEqual([4_096, 4_097]);
  });

  test('of 2 100 characters and 4 200 bytes of UTF-8 closes with 4002', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(8, 'é'.repeat(2_100));
    expect((await client.ended()).code).toBe(4002);
  });

  test('of 2 MB closes with 4002', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.socket.send('x'.repeat(2_000_000));
    expect((await client.ended()).code).toBe(4002);
    expect(broken(simulator)).toEqual(['decode error']);
  });

  test.each([5, 0, 7, 9, 10, 11, 99, -1])('with op %i closes with 4001', async (op) => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(op, null);
    expect((await client.ended()).code).toBe(4001);
    expect(broken(simulator)).toEqual(['unknown opcode']);
  });

  test.each([3, 4, 8, 31, 43])('with op %i before IDENTIFY closes with 4003', async (op) => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(op, {});
    expect((await client.ended()).code).toBe(4003);
    expect(broken(simulator)).toEqual(['not authenticated']);
  });

  test('with op 8 before READY closes with 4003', async () => {
    const simulator = await simulate({ script: [{ at: 'identify', skip: true }] });
    const client = await connected(simulator);
    client.identify();
    client.send(8, {});
    expect((await client.ended()).code).toBe(4003);
  });

  test.each([3, 4, 8, 31, 43])('with op %i after READY is accepted', async (op) => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(op, { guild_id: '1' });
    await client.settled();
    expect(client.closed).toBe(null);
    expect(simulator.frames.at(-1)).toMatchObject({ direction: 'client', op, d: { guild_id: '1' }, shardId: 0 });
    expect(broken(simulator)).toEqual([]);
  });

  test('over sendLimit closes with 4008, and heartbeats count', async () => {
    const simulator = await simulate({ sendLimit: 5, now: () => 0 });
    const { client } = await identified(simulator);
    for (let sent = 1; sent < 5; sent++) client.send(1, 1);
    await client.op(11, 3);
    expect(client.closed).toBe(null);
    client.send(1, 1);
    expect((await client.ended()).code).toBe(4008);
    expect(broken(simulator)).toEqual(['over send limit']);
  });

  test('late in one minute counts in the next one too: the window slides', async () => {
    let now = 0;
    const simulator = await simulate({ sendLimit: 4, sendWindow: 60_000, now: () => now });
    const { client } = await identified(simulator);
    now = 59_000;
    for (let sent = 1; sent < 4; sent++) client.send(1, 1);
    await client.op(11, 2);
    now = 60_000;
    client.send(1, 1);
    await client.op(11, 3);
    client.send(1, 1);
    expect((await client.ended()).code).toBe(4008);
  });

  test('with a sixth presence update in the window is a violation, and the connection stays open', async () => {
    const simulator = await simulate({ now: () => 0 });
    const { client } = await identified(simulator);
    for (let sent = 0; sent < 5; sent++) client.send(3, {});
    await client.settled();
    expect(broken(simulator)).toEqual([]);
    client.send(3, {});
    await client.settled();
    expect(broken(simulator)).toEqual(['over presence limit']);
    expect(client.closed).toBe(null);
  });
});

const activity = (name?: unknown) => ({ activities: [{ name, type: 0 }] });

describe('a presence', () => {
  const flawed: [string, unknown][] = [
    ['an activity name of 129 characters', activity('x'.repeat(129))],
    ['an activity without a name', activity()],
    ['an activity that is null', { activities: [null] }],
    ['activities that are no array', { activities: {} }],
    ['a since of 1.5', { since: 1.5 }],
    ['a since that is text', { since: '1' }],
  ];

  test.each(flawed)('with %s closes with 4002, in op 3 and in IDENTIFY', async (_, presence) => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(3, presence);
    expect((await client.ended()).code).toBe(4002);
    const next = await connected(simulator);
    next.identify({ presence });
    expect((await next.ended()).code).toBe(4002);
    expect(broken(simulator)).toEqual(['decode error', 'decode error']);
  });

  test('with an activity name of 128 characters, of two UTF-16 units each, is accepted', async () => {
    const simulator = await simulate();
    const presence = { ...activity('🦆'.repeat(128)), since: null, status: 'online', afk: false };
    const { client } = await identified(simulator, { presence });
    client.send(3, { ...presence, since: 1 });
    await client.settled();
    expect(broken(simulator)).toEqual([]);
  });
});

describe('heartbeats', () => {
  test('before IDENTIFY are acknowledged with op 11', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(1, null);
    await client.op(11);
    expect(broken(simulator)).toEqual([]);
  });

  test('with a d that is not a sequence close with 4002', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(1, 'one');
    expect((await client.ended()).code).toBe(4002);
  });

  test('with a sequence that the session has not reached are a violation', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(1, 7);
    await client.op(11);
    expect(broken(simulator)).toEqual(['heartbeat ahead of session']);
  });

  test('that do not come close with 4009 and end the session', async () => {
    const simulator = await simulate({ heartbeatInterval: 20, heartbeatSlack: 200 });
    const { client, sessionId } = await identified(simulator);
    expect((await client.ended()).code).toBe(4009);
    expect(broken(simulator)).toEqual(['heartbeat missed']);
    expect(simulator.sessions.has(sessionId)).toBe(false);
  });

  test('that come keep the connection open beyond that time', async () => {
    const simulator = await simulate({ heartbeatInterval: 20, heartbeatSlack: 600, sendLimit: 10_000 });
    const { client } = await identified(simulator);
    const openedAt = simulator.connections[0]?.openedAt ?? 0;
    await eventually(() => {
      client.send(1, 1);
      return (simulator.frames.at(-1)?.at ?? 0) - openedAt > 1_300;
    });
    expect(client.closed).toBe(null);
    expect(broken(simulator)).toEqual([]);
  });

  test('that wait in the socket while the event loop is blocked are not missed', async () => {
    const simulator = await simulate({ heartbeatInterval: 10, heartbeatSlack: 585 });
    const client = await connected(simulator);
    client.send(1, null);
    const until = performance.now() + 800;
    while (performance.now() < until);
    await client.op(11);
    expect(broken(simulator)).toEqual([]);
  });
});

describe('the recording', () => {
  test('has every frame of both sides, in order, with its time and shard', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, { shard: [3, 4] });
    simulator.dispatch('MESSAGE_CREATE', { content: 'hello' });
    await client.event('MESSAGE_CREATE');
    const seen = simulator.frames.map(({ direction, op, t, s, shardId }) => [direction, op, t, s, shardId]);
    expect(seen).toEqual([
      ['gateway', 10, null, null, null],
      ['client', 2, null, null, 3],
      ['gateway', 0, 'READY', 1, 3],
      ['gateway', 0, 'MESSAGE_CREATE', 2, 3],
    ]);
    expect(simulator.connections[0]?.frames).toEqual(simulator.frames);
    const times = simulator.frames.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('never has the token, accepted or wrong, nor has the simulator in util.inspect', async () => {
    const simulator = await simulate({ token: 'secret' });
    const { client, sessionId } = await identified(simulator);
    client.resume(sessionId, 1);
    await client.ended();
    const wrong = await connected(simulator);
    wrong.send(3, { token: 'secret' });
    await wrong.ended();
    const bare = await connected(simulator);
    bare.send(2, 'secret');
    await bare.ended();
    const garbled = await connected(simulator);
    garbled.socket.send('{"op":2,"d":{"token":"secret"');
    await garbled.ended();
    const { inspect } = await import('node:util');
    const { frames, log, violations, identifies } = simulator;
    const shown =
      JSON.stringify({ frames, log, violations, identifies }) + inspect(simulator, { depth: 12, showHidden: true });
    expect(shown).not.toContain('secret');
    expect(frames.find(({ op }) => op === 2)?.d).toMatchObject({ token: '[redacted]', intents: 1 });
  });

  test('has the last maxFrames frames, and none with record: false', async () => {
    const bounded = await simulate({ maxFrames: 3 });
    const { client } = await identified(bounded);
    for (let n = 1; n <= 20; n++) bounded.dispatch('N', n);
    expect(bounded.frames.map(({ s }) => s)).toEqual([19, 20, 21]);
    await eventually(() => client.dispatches.length === 20);

    const silent = await simulate({ record: false });
    const seen: Array<number | null> = [];
    silent.onFrame(({ op }) => seen.push(op));
    await identified(silent);
    expect(silent.frames).toEqual([]);
    expect(seen).toEqual([10, 2, 0]);
  });

  test('has upgrades, closes and faults in the log', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.socket.close(4_900, 'enough');
    await client.ended();
    expect(simulator.connections[0]).toMatchObject({
      closedBy: 'client',
      closeCode: 4_900,
      closeReason: 'enough',
      open: false,
    });
    simulator.next({ at: 'upgrade', refuse: 503 });
    const refused = new RawClient(simulator.url);
    await eventually(() => refused.refused);
    expect(simulator.log).toMatchObject([
      { kind: 'upgrade', outcome: 101, path: '/', connection: 1 },
      { kind: 'close', by: 'client', code: 4_900, reason: 'enough', connection: 1, shardId: 0 },
      { kind: 'fault', fault: { at: 'upgrade', refuse: 503 } },
      { kind: 'upgrade', outcome: 503, connection: null },
    ]);
  });

  test('waitForFrame resolves with a past or a coming frame, and rejects with TIMEOUT or CLOSED', async () => {
    const simulator = await simulate();
    await identified(simulator);
    expect(await simulator.waitForFrame(({ t }) => t === 'READY')).toMatchObject({ s: 1 });
    const coming = simulator.waitForFrame(({ t }) => t === 'LATER');
    simulator.dispatch('LATER', {});
    expect(await coming).toMatchObject({ t: 'LATER', s: 2 });
    await expect(simulator.waitForFrame(({ t }) => t === 'NEVER', { timeout: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const abandoned = expect(simulator.waitForFrame(({ t }) => t === 'NEVER')).rejects.toMatchObject({
      code: 'CLOSED',
    });
    await simulator.close();
    await abandoned;
  });
});
