import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/simulator/index.js';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('a fault by occasion', () => {
  test('a refused upgrade has its status, Retry-After and a JSON body', async () => {
    const simulator = await simulate();
    simulator.next({ at: 'upgrade', refuse: 429, retryAfter: 2 });
    simulator.next({ at: 'upgrade', refuse: 500 });
    const first = new RawClient(simulator.url);
    expect(await eventually(() => first.refused)).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    const second = new RawClient(simulator.url);
    expect(await eventually(() => second.refused)).toMatchObject({ status: 500 });
    await connected(simulator);
  });

  test('an upgrade hangs', async () => {
    const simulator = await simulate({ script: [{ at: 'upgrade', hang: true }] });
    const client = new RawClient(simulator.url);
    await eventually(() => simulator.log.some((entry) => entry.kind === 'upgrade' && entry.outcome === 'hang'));
    expect(client.socket.readyState).toBe(client.socket.CONNECTING);
    await connected(simulator);
  });

  test('HELLO, READY, RESUMED, an acknowledgement or an answer never comes', async () => {
    const simulator = await simulate();
    simulator.next({ at: 'hello', skip: true });
    const mute = new RawClient(simulator.url);
    await eventually(() => mute.socket.readyState === mute.socket.OPEN);
    await mute.settled();
    expect(mute.frames).toEqual([]);

    simulator.next({ at: 'heartbeat', skip: true });
    simulator.next({ at: 'ready', skip: true });
    const unready = await connected(simulator);
    unready.send(1, null);
    unready.identify();
    await unready.settled();
    expect(unready.frames.map(({ op }) => op)).toEqual([10]);
    expect(simulator.sessions.size).toBe(1);
    unready.socket.close(4_900);
    await unready.ended();

    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    simulator.dispatch('A', 1);
    simulator.next({ at: 'resumed', skip: true });
    simulator.next({ at: 'resume', skip: true });
    const unanswered = await connected(simulator);
    unanswered.resume(sessionId, 1);
    await unanswered.settled();
    expect(unanswered.frames.map(({ op }) => op)).toEqual([10]);
    unanswered.socket.terminate();
    const endless = await connected(simulator);
    endless.resume(sessionId, 1);
    await endless.settled();
    expect(endless.frames.slice(1).map(({ t }) => t)).toEqual(['A']);
  });

  test('an IDENTIFY swallowed opens no session, but is counted', async () => {
    const simulator = await simulate({ script: [{ at: 'identify', skip: true }] });
    const client = await connected(simulator);
    client.identify();
    await client.settled();
    expect(simulator.sessions.size).toBe(0);
    expect(simulator.identifies).toHaveLength(1);
    expect(simulator.budget.remaining).toBe(999);
  });

  test('an action comes instead of the answer to IDENTIFY', async () => {
    const simulator = await simulate();
    simulator.next({ at: 'identify', closeWith: 4004, reason: 'no' });
    const client = await connected(simulator);
    client.identify();
    expect(await client.ended()).toEqual({ code: 4004, reason: 'no' });
    simulator.next({ at: 'identify', invalidSession: false });
    const other = await connected(simulator);
    other.identify();
    expect((await other.op(9)).d).toBe(false);
    expect(simulator.sessions.size).toBe(0);
    expect(broken(simulator)).toEqual([]);
  });

  test.each([
    [true, true],
    [false, false],
  ])('op 9 %s in answer to RESUME leaves the session resumable: %s', async (resumable, kept) => {
    const simulator = await simulate({ script: [{ at: 'resume', invalidSession: resumable }] });
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    expect((await back.op(9)).d).toBe(resumable);
    expect(simulator.sessions.has(sessionId)).toBe(kept);
  });

  test('an action follows READY or RESUMED once it has left', async () => {
    const simulator = await simulate({
      script: [
        { at: 'ready', closeWith: 4000 },
        { at: 'resumed', reconnect: true },
      ],
    });
    const { client, sessionId } = await identified(simulator);
    expect((await client.ended()).code).toBe(4000);
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.op(7);
    expect(back.frames.map(({ op, t }) => t ?? op)).toEqual([10, 'RESUMED', 7]);
  });

  test('a connection is lost in the middle of a replay, and the rest is replayed the next time', async () => {
    const simulator = await simulate({ script: [{ at: 'replay', after: 1, reset: true }] });
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    for (let n = 1; n <= 4; n++) simulator.dispatch('N', n);
    const broken1 = await connected(simulator);
    broken1.resume(sessionId, 1);
    await broken1.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 3);
    await back.event('RESUMED');
    expect(back.dispatches).toEqual([
      ['N', 4],
      ['N', 5],
    ]);
    expect(broken(simulator)).toEqual([]);
  });

  test('a dispatch is lost on its way, and its number with it', async () => {
    const simulator = await simulate({ script: [{ at: 'dispatch', skip: true }] });
    const { client } = await identified(simulator);
    simulator.dispatch('A', 1);
    simulator.dispatch('B', 2);
    await client.event('B');
    expect(client.dispatches).toEqual([['B', 3]]);
  });

  test('a late frame holds up those behind it; their order stays', async () => {
    const simulator = await simulate({ guilds: [{ id: '1', name: 'one' }] });
    simulator.next({ at: 'hello', delay: 30 });
    simulator.next({ at: 'ready', delay: 30 });
    simulator.next({ at: 'dispatch', after: 1, times: 2, delay: 30 });
    const startedAt = performance.now();
    const { client } = await identified(simulator);
    simulator.dispatch('A', 1);
    simulator.dispatch('B', 2);
    simulator.dispatch('C', 3);
    await client.event('C');
    expect(performance.now() - startedAt).toBeGreaterThan(115);
    expect(client.frames.slice(1).map(({ t }) => t)).toEqual(['READY', 'GUILD_CREATE', 'A', 'B', 'C']);
  });

  test('an answer or an action is late by its delay', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    simulator.next({ at: 'heartbeat', delay: 60 });
    simulator.next({ at: 'heartbeat', delay: 60, closeWith: 4000 });
    const startedAt = performance.now();
    client.send(1, 1);
    await client.op(11);
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    client.send(1, 1);
    expect((await client.ended()).code).toBe(4000);
    expect(performance.now() - startedAt).toBeGreaterThan(110);
    expect(client.frames.filter(({ op }) => op === 11)).toHaveLength(1);
  });

  test('a close frame is answered late, with RST, or never', async () => {
    const simulator = await simulate();
    simulator.next({ at: 'close', delay: 60 });
    simulator.next({ at: 'close', reset: true });
    simulator.next({ at: 'close', skip: true });
    const late = await connected(simulator);
    const startedAt = performance.now();
    late.socket.close(4_900);
    expect((await late.ended()).code).toBe(4_900);
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    const reset = await connected(simulator);
    reset.socket.close(4_900);
    await eventually(() => reset.error ?? reset.closed);
    const never = await connected(simulator);
    never.socket.close(4_900);
    await eventually(() => simulator.connections[2]?.open === false);
    expect(never.closed).toBe(null);
  });

  test('strikes as often as told, after as many as told, on the shard and the URL told', async () => {
    const simulator = await simulate();
    const withdraw = simulator.next({ at: 'identify', shardId: 1, after: 1, times: Infinity, closeWith: 4000 });
    await identified(simulator, { shard: [0, 2] });
    const { client: spared } = await identified(simulator, { shard: [1, 2] });
    spared.socket.close();
    for (let attempt = 0; attempt < 3; attempt++) {
      const struck = await connected(simulator);
      struck.identify({ shard: [1, 2] });
      await struck.ended();
    }
    expect(simulator.pendingFaults).toHaveLength(1);
    withdraw();
    expect(simulator.pendingFaults).toEqual([]);
    await identified(simulator, { shard: [1, 2] });

    simulator.next({ at: 'hello', url: 'resume', reset: true });
    await connected(simulator);
    const resuming = new RawClient(simulator.resumeUrl);
    await resuming.ended();
  });

  test('of several faults the earliest strikes first: a script is a story', async () => {
    const simulator = await simulate({
      script: [
        { at: 'upgrade', refuse: 503 },
        { at: 'identify', invalidSession: false },
        { at: 'identify', closeWith: 4000 },
        { at: 'ready', silence: true },
      ],
    });
    const refused = new RawClient(simulator.url);
    await eventually(() => refused.refused);
    const client = await connected(simulator);
    client.identify();
    await client.op(9);
    client.identify();
    expect((await client.ended()).code).toBe(4000);
    await identified(simulator);
    expect(simulator.connections.at(-1)?.silent).toBe(true);
    expect(simulator.pendingFaults).toEqual([]);
  });

  test('faults still to come can all be taken back', async () => {
    const simulator = await simulate({ script: [{ at: 'hello', reset: true, times: Infinity }] });
    simulator.clearFaults();
    await connected(simulator);
  });
});

describe('a fault that cannot be', () => {
  test.each([
    { at: 'nowhere', skip: true },
    { at: 'hello' },
    { at: 'hello', skip: true, reset: true },
    { at: 'hello', skip: false },
    { at: 'hello', shardId: 0, skip: true },
    { at: 'hello', refuse: 500 },
    { at: 'upgrade', skip: true },
    { at: 'upgrade', refuse: 200 },
    { at: 'close', closeWith: 4000 },
    { at: 'ready', closeWith: 1006 },
    { at: 'ready', closeWith: 4000, reason: 'x'.repeat(124) },
    { at: 'ready', delay: -1 },
    { at: 'ready', reset: true, times: 0 },
    { at: 'ready', reset: true, after: 0.5 },
    { at: 'ready', reset: true, shardId: -1 },
    { at: 'ready', reset: true, url: 'other' },
    { at: 'api', refuse: 429, retryAfter: -1 },
    null,
  ])('%j is refused at once', async (fault) => {
    const simulator = await simulate();
    const refusal = expect.objectContaining({ name: 'SimulatorError', code: 'INVALID_FAULT', value: fault });
    expect(() => simulator.next(fault as Fault)).toThrow(refusal);
    await expect(simulate({ script: [fault as Fault] })).rejects.toEqual(refusal);
  });
});
