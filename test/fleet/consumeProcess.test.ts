import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { namesOf, StreamRig } from './consumeRig.js';
import { isBuilt } from './processes.js';
import { hasRedis, RedisServer } from './redisRig.js';

const program = fileURLToPath(new URL('../programs/fleetConsumer.mjs', import.meta.url));
const IDLE = 2_000;
const SHARDS = [0, 1, 2, 3];
const LAST = 150;

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

const expectAll = (names: readonly string[]) =>
  expect([...new Set(names)].toSorted()).toEqual(SHARDS.flatMap((id) => namesOf(id, 1, LAST)).toSorted());

/** Each event of a shard comes in order: nothing older follows, in one process. */
const expectOrder = (names: readonly string[]) => {
  for (const shardId of SHARDS) {
    const sequences = names.filter((name) => name.startsWith(`${shardId}/`)).map((name) => Number(name.slice(2)));
    expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
  }
};

describe.runIf(hasRedis && isBuilt)('consumeFleet in several processes', () => {
  let redis: RedisServer;
  let rig: StreamRig;
  let children: ChildProcess[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
    rig = new StreamRig(redis, 'processes');
    await rig.layout(1, SHARDS.length);
    for (const shardId of SHARDS) await rig.publish(`1:${shardId}`, 1);
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await redis?.[Symbol.asyncDispose]();
  });

  /** Starts a consumer. Its events are added to `names` as they come. */
  function start(consumer: string): { child: ChildProcess; names: string[] } {
    const options = { redis: redis.url, name: 'processes', group: 'web', consumer, idle: IDLE, from: 'start' };
    const child = fork(program, [JSON.stringify(options)]);
    const names: string[] = [];
    child.on('message', (name) => void names.push(String(name)));
    children.push(child);
    return { child, names };
  }

  /** Two consumers that have two streams each. */
  async function startTwo() {
    const [first, second] = [start('c-1'), start('c-2')];
    await eventually(async () => {
      const readers = await rig.readers();
      expect(Object.values(readers).map((keys) => keys.length)).toEqual([2, 2]);
    });
    return [first, second] as const;
  }

  const publishAll = () => Promise.all(SHARDS.map((shardId) => rig.publish(`1:${shardId}`, 2, LAST)));

  test('kill -9 of a consumer in the midst of its work: all comes, and twice at most what it had in hand', async () => {
    const [first, second] = await startTwo();
    const published = publishAll();
    await eventually(() => expect(first.names.length).toBeGreaterThan(20));
    first.child.kill('SIGKILL');
    await published;
    await eventually(() => expectAll([...first.names, ...second.names]));
    expectOrder(first.names);
    expectOrder(second.names);
    // A consumer acknowledges one event before it takes the next.
    expect(first.names.length + second.names.length).toBeLessThanOrEqual(SHARDS.length * LAST + 1);
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
  });

  test('SIGSTOP of a consumer for longer than `idle`: the other takes its streams, and they are shared again when it wakes', async () => {
    const [first, second] = await startTwo();
    first.child.kill('SIGSTOP');
    await eventually(async () => expect(await rig.readers()).toEqual({ 'c-2': expect.any(Array) }));
    await publishAll();
    await eventually(() => expectAll([...first.names, ...second.names]));
    first.child.kill('SIGCONT');
    await eventually(async () => expect(Object.keys(await rig.readers()).toSorted()).toEqual(['c-1', 'c-2']));
    for (const shardId of SHARDS) await rig.publish(`1:${shardId}`, LAST + 1);
    await eventually(() => expect(new Set([...first.names, ...second.names]).size).toBe(SHARDS.length * (LAST + 1)));
    expectOrder(second.names);
  });
});
