import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/simulator/index.js';
import { broken, connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('a fault by occasion', () => {
  test('refuse at `upgrade` answers with its status and Retry-After', async () => {
    const simulator = await simulate();
    simulator.next({ at: 'upgrade', refuse: 429, retryAfter: 2 });
    simulator.next({ at: 'upgrade', refuse: 500 });
    const first = new RawClient(simulator.url);
    expect(await eventually(() => first.refused)).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    const second = new RawClient(simulator.url);
    expect(await eventually(() => second.refused)).toMatchObject({ status: 500 });
    await connected(simulator);
  });

  test('hang at `upgrade` leaves the client connecting', async () => {
    const simulator = await simulate({ script: [{ at: 'upgrade', hang: true }] });
    const client = new RawClient(simulator.url);
    await eventually(() => simulator.log.some((entry) => entry.kind === 'upgrade' && entry.outcome === 'hang'));
    expect(client.socket.readyState).toBe(client.socket.CONNECTING);
    await connected(simulator);
  });

  test('skip withholds HELLO, READY, RESUMED, an ack, and the answer to RESUME', async () => {
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

  test('skip at `identify` opens no session, and counts against the budget', async () => {
    const simulator = await simulate({ script: [{ at: 'identify', skip: true }] });
    const client = await connected(simulator);
    client.identify();
    await client.settled();
    expect(simulator.sessions.size).toBe(0);
    expect(simulator.identifies).toHaveLength(1);
    expect(simulator.budget.remaining).toBe(999);
  });

  test('closeWith or invalidSession at `identify` comes in place of READY', async () => {
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
  ])('op 9 %s in answer to RESUME keeps the session: %s', async (resumable, kept) => {
    const simulator = await simulate({ script: [{ at: 'resume', invalidSession: resumable }] });
    const { client, sessionId } = await identified(simulator);
    client.socket.close(4_900);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    expect((await back.op(9)).d).toBe(resumable);
    expect(simulator.sessions.has(sessionId)).toBe(kept);
  });

  test('closeWith at `ready` and reconnect at `resumed` come after that frame', async () => {
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

  test('reset in the middle of a replay: the next RESUME replays the rest', async () => {
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

  test('skip at `dispatch` drops the dispatch, and its sequence is used up', async () => {
    const simulator = await simulate({ script: [{ at: 'dispatch', skip: true }] });
    const { client } = await identified(simulator);
    simulator.dispatch('A', 1);
    simulator.dispatch('B', 2);
    await client.event('B');
    expect(client.dispatches).toEqual([['B', 3]]);
  });

  test('delay makes a frame late, and later frames wait behind it in order', async () => {
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

  test('delay at `heartbeat` makes the ack, or the close in its place, late', async () => {
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

  test('delay, reset and skip at `close` answer a close frame late, with RST, or never', async () => {
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

  test('times, after, shardId and url decide which connections a fault strikes', async () => {
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

  test('several faults for one occasion strike in the order of the script', async () => {
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

  test('clearFaults removes faults that have not struck', async () => {
    const simulator = await simulate({ script: [{ at: 'hello', reset: true, times: Infinity }] });
    simulator.clearFaults();
    await connected(simulator);
  });
});

describe('an invalid fault', () => {
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
  ])('next(%j) throws INVALID_FAULT, and so does a script with it', async (fault) => {
    const simulator = await simulate();
    const refusal = expect.objectContaining({ name: 'SimulatorError', code: 'INVALID_FAULT', value: fault });
    expect(() => simulator.next(fault as Fault)).toThrow(refusal);
    await expect(simulate({ script: [fault as Fault] })).rejects.toEqual(refusal);
  });
});
