import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { until } from '../shard/rig.js';
import { namesOf, StreamRig, type TestConsumer } from './consumeRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const eventually = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

const received = (consumers: readonly TestConsumer[], count: number) =>
  until(() => consumers.reduce((sum, { events }) => sum + events.length, 0) >= count, 20_000);

/** Events of a shard over several consumers, each consumer's in its order. */
const ofShard = (shardId: number, ...consumers: readonly TestConsumer[]) =>
  consumers.flatMap(({ names }) => names.filter((name) => name.startsWith(`${shardId}/`)));

describe.runIf(hasRedis)('consumeFleet: streams of a group', () => {
  let redis: RedisServer;
  let rig: StreamRig;
  beforeEach(async () => {
    redis = await RedisServer.start();
    rig = new StreamRig(redis, 'share');
  });
  afterEach(() => redis?.[Symbol.asyncDispose]());

  const counts = async () =>
    Object.fromEntries(Object.entries(await rig.readers()).map(([consumer, keys]) => [consumer, keys.length]));

  test('a consumer that comes takes its share, one that leaves gives it back, and each event comes once and in order', async () => {
    await rig.layout(1, 5);
    const shards = [0, 1, 2, 3, 4];
    const publish = (from: number, to: number) =>
      Promise.all(shards.map((shardId) => rig.publish(`1:${shardId}`, from, to)));
    await publish(1, 3);
    await using first = rig.consume('c-1', { from: 'start' });
    await eventually(async () => expect(await counts()).toEqual({ 'c-1': 5 }));
    const second = rig.consume('c-2');
    await publish(4, 6);
    await eventually(async () => expect(await counts()).toEqual({ 'c-1': 3, 'c-2': 2 }));
    await publish(7, 9);
    await received([first, second], 45);
    await second.stream.return();
    await eventually(async () => expect(await counts()).toEqual({ 'c-1': 5 }));
    await publish(10, 12);
    await received([first, second], 60);
    for (const shardId of shards) {
      expect(ofShard(shardId, first, second).length).toBe(12);
      expect(new Set(ofShard(shardId, first, second))).toEqual(new Set(namesOf(shardId, 1, 12)));
      for (const { events } of [first, second]) {
        const sequences = events.filter((event) => event.shardId === shardId).map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
      }
    }
  });

  test('a stream whose events are handed out and not acknowledged does not move until they are', async () => {
    await rig.layout(1, 2);
    await rig.publish('1:0', 1);
    await rig.publish('1:1', 1);
    await using first = rig.consume('c-1', { from: 'start', idle: 60_000 });
    first.acknowledges = false;
    await received([first], 2);
    await using second = rig.consume('c-2', { idle: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await counts()).toEqual({ 'c-1': 2 });
    for (const { ack } of first.events) await ack();
    await eventually(async () => expect(await counts()).toEqual({ 'c-1': 1, 'c-2': 1 }));
    await rig.publish('1:0', 2);
    await rig.publish('1:1', 2);
    await received([first, second], 4);
    expect(second.names).toEqual(['1/2']);
  });

  test('a consumer that was not heard of for `idle`: its unacknowledged events come to another, before newer ones', async () => {
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 3);
    const keys = ['{share}:stream:1:0', '{share}:group:web', '{share}:group:web:members'] as const;
    // A process that read three events, acknowledged one, and was killed.
    await redis.command('XGROUP', 'CREATE', keys[0], 'web', '0');
    await redis.command('XREADGROUP', 'GROUP', 'web', 'c-1', 'STREAMS', keys[0], '>');
    await redis.command('XACK', keys[0], 'web', '1-1');
    await redis.command('HSET', keys[1], 'layouts', '1 1', '1:0', 'c-1/dead 2000');
    const [seconds] = (await redis.command('TIME')) as [string];
    await redis.command('ZADD', keys[2], String((Number(seconds) + 2) * 1_000), 'c-1/dead 2000');
    await rig.publish('1:0', 4);
    await using second = rig.consume('c-2');
    await received([second], 3);
    expect(second.names).toEqual(namesOf(0, 2, 4));
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
  });

  test('a deadline far in the future, as a step of the clock leaves it, holds a stream for one `idle` and no longer', async () => {
    await rig.layout(1, 1);
    await rig.publish('1:0', 1);
    await redis.command('HSET', '{share}:group:web', 'layouts', '1 1', '1:0', 'c-1/dead 2000');
    await redis.command('ZADD', '{share}:group:web:members', String(Date.now() + 3_600_000), 'c-1/dead 2000');
    await using second = rig.consume('c-2');
    await received([second], 1);
    expect(second.names).toEqual(['0/1']);
  });

  test('Redis that restarts empty: the consumers go on, and what is published again comes once', async () => {
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 4);
    await using consumer = rig.consume('c-1', { from: 'start' });
    await received([consumer], 4);
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 600));
    await redis.start();
    await rig.layout(1, 1);
    await rig.publish('1:0', 3, 6);
    await received([consumer], 6);
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
    expect(consumer.names).toEqual(namesOf(0, 1, 6));
  });

  test('Redis that does not answer for some seconds: an acknowledgement waits for it, and nothing comes twice', async () => {
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 2);
    await using consumer = rig.consume('c-1', { from: 'start' });
    consumer.acknowledges = false;
    await received([consumer], 2);
    redis.pause();
    const acknowledged = consumer.events.map(({ ack }) => ack());
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    redis.resume();
    await Promise.all(acknowledged);
    expect(await rig.pending('1:0')).toBe(0);
    consumer.acknowledges = true;
    await rig.publish('1:0', 3);
    await received([consumer], 3);
    expect(consumer.names).toEqual(namesOf(0, 1, 3));
  });

  test('an event that was not acknowledged when Redis came back empty is acknowledged under its new id', async () => {
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 1, { generation: 7 });
    await using consumer = rig.consume('c-1', { from: 'start' });
    consumer.acknowledges = false;
    await received([consumer], 1);
    await redis.kill();
    await redis.start();
    await rig.layout(1, 1);
    await redis.command('XADD', '{share}:stream:1:0', '1-1', 'p', consumer.events[0]?.raw ?? '', 'm', 'mark-7');
    await eventually(async () => expect(await rig.pending('1:0')).toBe(1));
    await consumer.events[0]?.ack();
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
    expect(consumer.names).toEqual(['0/1']);
  });

  test('a reshard: the old streams are read until their shards are gone, then the new ones from the cutover', async () => {
    await rig.layout(1, 1);
    await rig.own('1:0', true);
    await rig.publish('1:0', 1);
    await using consumer = rig.consume('c-1', { from: 'start' });
    await received([consumer], 1);
    await rig.layout(1, 1, { layout: 2, total: 2 });
    await rig.publish('2:0', 1, 3);
    await rig.publish('2:1', 1, 3);
    await rig.publish('1:0', 2);
    await eventually(async () => expect(await rig.delivered('2:1')).toBe('1-3'));
    await rig.layout(2, 2);
    await rig.publish('2:0', 4);
    await rig.publish('2:1', 4);
    await rig.publish('1:0', 3);
    await received([consumer], 3);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(consumer.contents).toEqual(['1:0/1', '1:0/2', '1:0/3']);
    await rig.own('1:0', false);
    await received([consumer], 5);
    expect(consumer.contents.slice(3).toSorted()).toEqual(['2:0/4', '2:1/4']);
    await eventually(async () => expect(await rig.readers()).toEqual({ 'c-1': ['2:0', '2:1'] }));
  });
});
