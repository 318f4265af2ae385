import { describe, expect, test } from 'vitest';
import type { ConnectionAction } from '../../src/simulator/index.js';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('a fault by call', () => {
  test('silence keeps the connection open without acks and dispatches, and a RESUME replays the dispatches', async () => {
    const simulator = await simulate({ heartbeatInterval: 20, heartbeatSlack: 600 });
    const { client, sessionId } = await identified(simulator);
    expect(simulator.silence()).toBe(1);
    client.send(1, 1);
    client.send(99, null);
    simulator.dispatch('A', 1);
    simulator.requestReconnect();
    await client.settled();
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(client.closed).toBe(null);
    expect(client.frames.map(({ op }) => op)).toEqual([10, 0]);
    expect(simulator.connections[0]).toMatchObject({ silent: true, open: true });
    expect(simulator.frames.filter(({ direction }) => direction === 'client').map(({ op }) => op)).toEqual([2, 1, 99]);

    client.socket.terminate();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(back.dispatches).toEqual([['A', 2]]);
    expect(broken(simulator)).toEqual([]);
  });

  test('reset ends the TCP connection with RST, and the session stays', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    expect(simulator.reset(0)).toBe(1);
    expect((await client.ended()).code).toBe(1006);
    expect(client.tcpError).toMatchObject({ code: 'ECONNRESET' });
    expect(simulator.connections[0]).toMatchObject({
      open: false,
      closedBy: 'gateway',
      gatewayCloseCode: null,
      closeCode: null,
    });
    expect(simulator.sessions.get(sessionId)?.connection).toBe(null);
  });

  test.each([1000, 1001, 1011, 3000, 4000, 4008, 4999])('closeWith %i keeps the session', async (code) => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.closeWith(code, 'because');
    expect(await client.ended()).toEqual({ code, reason: 'because' });
    expect(simulator.connections[0]).toMatchObject({ closedBy: 'gateway', gatewayCloseCode: code, closeCode: null });
    expect(simulator.sessions.has(sessionId)).toBe(true);
  });

  test.each([4003, 4004, 4007, 4009, 4014])('closeWith %i ends the session', async (code) => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.closeWith(code);
    expect((await client.ended()).code).toBe(code);
    expect(simulator.sessions.has(sessionId)).toBe(false);
  });

  test('op 7, op 1 and op 9 true are sent, and a RESUME succeeds', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.requestReconnect();
    simulator.requestHeartbeat();
    simulator.invalidateSession(true);
    expect((await client.op(9)).d).toBe(true);
    expect(client.frames.slice(2).map(({ op }) => op)).toEqual([7, 1, 9]);
    client.socket.close(4_900);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(broken(simulator)).toEqual([]);
  });

  test('invalidateSession(false) sends op 9 false and ends the session', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.invalidateSession(false);
    expect((await client.op(9)).d).toBe(false);
    expect(simulator.sessions.has(sessionId)).toBe(false);
    expect(simulator.dispatch('A', 1)).toBe(0);
  });

  test('sendText sends the text unchanged', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    simulator.sendText('{"op":');
    simulator.sendText('{"t":null,"s":null,"op":77,"d":1}');
    await client.op(77);
    expect(client.garbage).toEqual(['{"op":']);
    expect(simulator.frames.at(-2)).toMatchObject({ op: null, d: '{"op":', bytes: 6 });
  });

  test("ignoreClose leaves the client's close frame unanswered, and the session resumable", async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.ignoreClose();
    client.socket.close(4_900);
    await eventually(() => simulator.connections[0]?.closeCode === 4_900);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.socket.readyState).toBe(client.socket.CLOSING);
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(broken(simulator)).toEqual([]);
  });

  test('loseSession stops dispatches, and RESUME gets op 9 false, with and without an open connection', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator, { shard: [0, 2] });
    const { client: away, sessionId: awayId } = await identified(simulator, { shard: [1, 2] });
    away.socket.close(4_900);
    await away.ended();
    expect(simulator.loseSession()).toBe(2);
    expect(simulator.dispatch('A', 1)).toBe(0);
    client.send(1, 1);
    await client.op(11);
    client.socket.close(4_900);
    for (const id of [sessionId, awayId]) {
      const back = await connected(simulator);
      back.resume(id, 1);
      expect((await back.op(9)).d).toBe(false);
    }
    expect(broken(simulator)).toEqual([]);
  });

  test('killResumeUrl resets or refuses connections to the resume URL until reviveResumeUrl; the first URL works', async () => {
    const simulator = await simulate();
    simulator.killResumeUrl();
    const reset = new RawClient(simulator.resumeUrl);
    expect(await eventually(() => reset.error)).toMatchObject({ code: 'ECONNRESET' });
    simulator.killResumeUrl(503);
    for (let attempt = 0; attempt < 3; attempt++) {
      const refused = new RawClient(simulator.resumeUrl);
      expect(await eventually(() => refused.refused)).toMatchObject({ status: 503 });
    }
    await connected(simulator);
    simulator.reviveResumeUrl();
    await new RawClient(simulator.resumeUrl).hello();
  });

  test('reset(1) strikes shard 1 alone and returns 1, a closed connection returns false', async () => {
    const simulator = await simulate();
    const { client: first } = await identified(simulator, { shard: [0, 2] });
    const { client: second } = await identified(simulator, { shard: [1, 2] });
    expect(simulator.reset(1)).toBe(1);
    await second.ended();
    expect(simulator.reset(1)).toBe(0);
    expect(first.closed).toBe(null);
    expect(simulator.connections[0]?.closeWith(4000)).toBe(true);
    expect((await first.ended()).code).toBe(4000);
    expect(simulator.connections[0]?.closeWith(4000)).toBe(false);
  });

  test.each([
    {},
    { closeWith: 999 },
    { silence: true, reset: true },
    { invalidSession: 1 },
    { at: 'ready', reset: true },
  ])('apply(%j) throws INVALID_FAULT', async (action) => {
    const simulator = await simulate();
    expect(() => simulator.apply(action as ConnectionAction)).toThrow(
      expect.objectContaining({ code: 'INVALID_FAULT' }),
    );
  });
});
