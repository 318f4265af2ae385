import { describe, expect, test } from 'vitest';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

/** A command of so many bytes. */
function padded(bytes: number): string {
  return JSON.stringify({ op: 8, d: '' }).replace('""', `"${'x'.repeat(bytes - 15)}"`);
}

describe('what a client sends', () => {
  test.each(['not json', '[1]', '"text"', '{"d":null}', '{"op":"1","d":null}', '{"op":1.5}'])(
    '%s is closed with 4002',
    async (text) => {
      const simulator = await simulate();
      const client = await connected(simulator);
      client.socket.send(text);
      expect((await client.ended()).code).toBe(4002);
      expect(broken(simulator)).toEqual(['decode error']);
    },
  );

  test('4096 bytes are let through, one more is closed with 4002', async () => {
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

  test('a payload is measured in bytes of UTF-8, not in characters', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(8, 'é'.repeat(2_100));
    expect((await client.ended()).code).toBe(4002);
  });

  test('a message too large for the WebSocket is closed with 4002 as well', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.socket.send('x'.repeat(2_000_000));
    expect((await client.ended()).code).toBe(4002);
    expect(broken(simulator)).toEqual(['decode error']);
  });

  test.each([5, 0, 7, 9, 10, 11, 99, -1])('op %i is closed with 4001', async (op) => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(op, null);
    expect((await client.ended()).code).toBe(4001);
    expect(broken(simulator)).toEqual(['unknown opcode']);
  });

  test.each([3, 4, 8, 31, 43])('op %i before IDENTIFY is closed with 4003', async (op) => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(op, {});
    expect((await client.ended()).code).toBe(4003);
    expect(broken(simulator)).toEqual(['not authenticated']);
  });

  test('a command before READY has come is closed with 4003', async () => {
    const simulator = await simulate({ script: [{ at: 'identify', skip: true }] });
    const client = await connected(simulator);
    client.identify();
    client.send(8, {});
    expect((await client.ended()).code).toBe(4003);
  });

  test.each([3, 4, 8, 31, 43])('op %i after READY is taken', async (op) => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(op, { guild_id: '1' });
    await client.settled();
    expect(client.closed).toBe(null);
    expect(simulator.frames.at(-1)).toMatchObject({ direction: 'client', op, d: { guild_id: '1' }, shardId: 0 });
    expect(broken(simulator)).toEqual([]);
  });

  test('one payload over the limit of the window is closed with 4008, heartbeats counted', async () => {
    const simulator = await simulate({ sendLimit: 5, now: () => 0 });
    const { client } = await identified(simulator);
    for (let sent = 1; sent < 5; sent++) client.send(1, 1);
    await client.op(11, 3);
    expect(client.closed).toBe(null);
    client.send(1, 1);
    expect((await client.ended()).code).toBe(4008);
    expect(broken(simulator)).toEqual(['over send limit']);
  });

  test('the window slides: what was sent late in one counts in the next', async () => {
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

  test('a sixth presence update in the window is a violation, and the connection stays', async () => {
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

describe('heartbeats', () => {
  test('are acknowledged with op 11, before IDENTIFY too', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(1, null);
    await client.op(11);
    expect(broken(simulator)).toEqual([]);
  });

  test('with a d that is no sequence are closed with 4002', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(1, 'one');
    expect((await client.ended()).code).toBe(4002);
  });

  test('with a sequence the session has not reached are a violation', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    client.send(1, 7);
    await client.op(11);
    expect(broken(simulator)).toEqual(['heartbeat ahead of session']);
  });

  test('that do not come are closed with 4009, and the session is gone', async () => {
    const simulator = await simulate({ heartbeatInterval: 20, heartbeatSlack: 200 });
    const { client, sessionId } = await identified(simulator);
    expect((await client.ended()).code).toBe(4009);
    expect(broken(simulator)).toEqual(['heartbeat missed']);
    expect(simulator.sessions.has(sessionId)).toBe(false);
  });

  test('that come keep the connection beyond that time', async () => {
    const simulator = await simulate({ heartbeatInterval: 20, heartbeatSlack: 400, sendLimit: 10_000 });
    const { client } = await identified(simulator);
    const openedAt = simulator.connections[0]?.openedAt ?? 0;
    await eventually(() => {
      client.send(1, 1);
      return (simulator.frames.at(-1)?.at ?? 0) - openedAt > 900;
    });
    expect(client.closed).toBe(null);
    expect(broken(simulator)).toEqual([]);
  });

  test('are not missed for an event loop that was blocked while they waited in the socket', async () => {
    const simulator = await simulate({ heartbeatInterval: 10, heartbeatSlack: 60 });
    const client = await connected(simulator);
    client.send(1, null);
    const until = performance.now() + 150;
    while (performance.now() < until);
    await client.op(11);
    expect(broken(simulator)).toEqual([]);
  });
});

describe('what is recorded', () => {
  test('every frame of both sides, in order, with its time and shard', async () => {
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

  test('never the token, accepted or wrong, in any shape the simulator shows', async () => {
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

  test('only the last frames where they are bounded, and none where recording is off', async () => {
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

  test('closes, upgrades and faults in the log', async () => {
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

  test('a frame can be waited for, past or to come, but not for ever', async () => {
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
