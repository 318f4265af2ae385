import { describe, expect, test } from 'vitest';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('RESUME', () => {
  test('replays the missed dispatches in order with their sequences, then sends RESUMED', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    simulator.dispatch('A', 1);
    await client.event('A');
    client.socket.terminate();
    await eventually(() => simulator.sessions.get(sessionId)?.connection === null);
    expect(simulator.dispatch('B', 2)).toBe(1);
    expect(simulator.dispatch('C', 3)).toBe(1);

    const back = new RawClient(`${simulator.url}/resume`);
    await back.hello();
    back.resume(sessionId, 2);
    await back.event('RESUMED');
    simulator.dispatch('D', 4);
    await back.event('D');
    expect(back.frames.slice(1).map(({ t, s }) => [t, s])).toEqual([
      ['B', 3],
      ['C', 4],
      ['RESUMED', 4],
      ['D', 5],
    ]);
    expect(simulator.connections[1]).toMatchObject({ path: '/resume', shardId: 0, sessionId });
    expect(simulator.identifies).toHaveLength(1);
    expect(broken(simulator)).toEqual([]);
  });

  test('at the first URL gets RESUMED too', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(simulator.connections[1]).toMatchObject({ path: '/' });
  });

  test('of an unknown session gets op 9 false', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.resume('unknown', 3);
    expect((await client.op(9)).d).toBe(false);
    expect(broken(simulator)).toEqual([]);
  });

  test.each([1000, 1001])('of a session the client ended with %i gets op 9 false', async (code) => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    client.socket.close(code);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    expect((await back.op(9)).d).toBe(false);
  });

  test('of a session after its sessionTimeout gets op 9 false', async () => {
    let now = 0;
    const simulator = await simulate({ sessionTimeout: 1_000, now: () => now });
    const { client, sessionId } = await identified(simulator);
    now = 50_000;
    client.socket.close(4_900);
    await client.ended();
    now = 51_000;
    expect(simulator.sessions.has(sessionId)).toBe(true);
    now = 51_001;
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    expect((await back.op(9)).d).toBe(false);
    expect(simulator.dispatch('A', 1)).toBe(0);
  });

  test.each([2, -1, 1.5, null, '1', undefined])(
    'with seq %s, which the session never had, closes with 4007',
    async (seq) => {
      const simulator = await simulate();
      const { client, sessionId } = await identified(simulator);
      client.socket.close(4_900);
      await client.ended();
      const back = await connected(simulator);
      back.resume(sessionId, seq);
      expect((await back.ended()).code).toBe(4007);
      expect(broken(simulator)).toEqual(['invalid sequence']);
    },
  );

  test('from before the last maxReplay dispatches gets op 9 false', async () => {
    const simulator = await simulate({ maxReplay: 3 });
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    for (let n = 0; n < 4; n++) simulator.dispatch('A', n);
    const inTime = await connected(simulator);
    inTime.resume(sessionId, 2);
    await inTime.event('RESUMED');
    expect(inTime.dispatches).toEqual([3, 4, 5].map((s) => ['A', s]));
    inTime.socket.close(4_900);
    await inTime.ended();
    const late = await connected(simulator);
    late.resume(sessionId, 1);
    expect((await late.op(9)).d).toBe(false);
  });

  test('with a wrong token closes with 4004', async () => {
    const simulator = await simulate({ token: 'secret' });
    const client = await connected(simulator);
    client.resume('any', 1, 'other');
    expect((await client.ended()).code).toBe(4004);
    expect(broken(simulator)).toEqual(['authentication failed']);
  });

  test('without a session_id closes with 4002', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.send(6, { token: 'secret', seq: 1 });
    expect((await client.ended()).code).toBe(4002);
  });

  test('after IDENTIFY on the same connection closes with 4005', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    client.resume(sessionId, 1);
    expect((await client.ended()).code).toBe(4005);
  });

  test('while the old connection is open gets RESUMED, closes the old one with 4005, and is a violation', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    const second = await connected(simulator);
    second.resume(sessionId, 1);
    await second.event('RESUMED');
    expect((await client.ended()).code).toBe(4005);
    expect(broken(simulator)).toEqual(['second socket for session']);
    simulator.dispatch('A', 1);
    await second.event('A');
    expect(client.dispatches).toEqual([]);
  });

  test('or IDENTIFY after op 9 on the same connection is answered; a command that crossed op 9 is no violation', async () => {
    const simulator = await simulate();
    const client = await connected(simulator);
    client.resume('unknown', 1);
    await client.op(9);
    client.send(3, {});
    client.resume('unknown', 1);
    await client.op(9, 1);
    client.identify();
    await client.event('READY');
    expect(broken(simulator)).toEqual([]);
  });
});

describe('a session', () => {
  test('has its own sequence, whatever other shards receive', async () => {
    const simulator = await simulate();
    const { client: first } = await identified(simulator, { shard: [0, 2] });
    const { client: second } = await identified(simulator, { shard: [1, 2] });
    expect(simulator.dispatch('ALL', {})).toBe(2);
    expect(simulator.dispatch('ONE', {}, 1)).toBe(1);
    expect(simulator.dispatch('NONE', {}, 7)).toBe(0);
    simulator.dispatch('ALL', {});
    await eventually(() => first.dispatches.length === 2 && second.dispatches.length === 3);
    expect(first.dispatches.map(([, s]) => s)).toEqual([2, 3]);
    expect(second.dispatches.map(([, s]) => s)).toEqual([2, 3, 4]);
  });

  test('without a connection ends when its shard identifies again', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    const { sessionId: next } = await identified(simulator);
    expect([...simulator.sessions.keys()]).toEqual([next]);
    expect(next).not.toBe(sessionId);
  });

  test('without a connection keeps 3 000 dispatches for replay', async () => {
    const simulator = await simulate();
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    for (let n = 0; n < 3_000; n++) simulator.dispatch('N', { n });
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(back.dispatches).toEqual(Array.from({ length: 3_000 }, (_, n) => ['N', n + 2]));
  });
});
