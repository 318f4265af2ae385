import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../shard/rig.js';
import { createIoRedis } from './clients.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import { frame, idsOf, mark, PublishRig, session } from './publishRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

describe.runIf(hasRedis)('ShardPublisher: what is in the stream', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  let names = 0;
  let rig: PublishRig;
  beforeEach(async () => {
    rig = new PublishRig(redis, `publish-${(names += 1)}`);
    await rig.own(1);
  });

  test('READY and two events: the texts as they came, under generation 1 and the session mark', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    expect(await publisher.flushed(5_000)).toBe(true);
    const ready = frame(1, 'READY', { session_id: 's-1' });
    expect(await rig.stream()).toEqual(
      [ready, frame(2), frame(3)].map((text, index) => ({ id: `1-${index + 1}`, text, mark: mark('s-1') })),
    );
    expect(await rig.position()).toBe(`1 3 ${mark('s-1')}`);
    expect(publisher.stats).toEqual({ published: 3, waiting: 0 });
  });

  test('a client of ioredis publishes as a URL does', async () => {
    const client = createIoRedis(redis.url);
    await using publisher = await rig.publisher({ redis: client });
    publisher.flow();
    publisher.begin('s-1', 300);
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 300));
    client.disconnect();
  });

  test('heartbeats, HELLO, a RESUMED without a sequence and frames that are not JSON: none is published', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 2);
    publisher.take('{"t":null,"s":null,"op":11,"d":null}');
    publisher.take('{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}');
    publisher.take('{"t":"RESUMED","s":null,"op":0,"d":{}}');
    publisher.take('{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{');
    publisher.take(frame(3));
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 3));
    expect(publisher.gaps).toEqual([]);
  });

  test('a RESUMED with a sequence of its own is an event like others', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 2);
    publisher.take(frame(3, 'RESUMED', {}));
    publisher.take(frame(4));
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 4));
  });

  test('a READY that the shard does not accept is not published, and the session goes on', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 2);
    publisher.take(frame(1, 'READY', { session_id: 'forged' }));
    publisher.take(frame(3));
    await publisher.flushed(5_000);
    expect(await rig.position()).toBe(`1 3 ${mark('s-1')}`);
  });

  test('a second session: its events have the next generation and another mark', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 4);
    publisher.begin('s-2', 2);
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 4), ...idsOf(2, 1, 2)]);
    expect(await rig.position()).toBe(`2 2 ${mark('s-2')}`);
  });

  test('a takeover by resume from 3, whose replay overlaps by two events: each is there once', async () => {
    await using first = await rig.publisher();
    first.flow();
    first.begin('s-1', 5);
    await first.flushed(5_000);
    await rig.own(2, 'w-2/def');
    await using second = await rig.publisher({ owner: 'w-2/def', epoch: () => 2 });
    second.startFrom(session('s-1', 3));
    second.flow();
    second.takeRange(4, 8);
    await second.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 8));
    expect(second.calls.holes).toBe(0);
  });

  test('a shard that takes the place of another: frames of the one before it are ignored', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    const first = new EventEmitter();
    publisher.follow(first, null);
    first.emit('raw', frame(1, 'READY', { session_id: 's-1' }));
    first.emit('ready', { session_id: 's-1' });
    first.emit('raw', frame(2));
    await publisher.flushed(5_000);
    const second = new EventEmitter();
    publisher.follow(second, session('s-1', 2));
    first.emit('raw', frame(1, 'READY', { session_id: 's-2' }));
    first.emit('ready', { session_id: 's-2' });
    second.emit('raw', frame(3));
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 3));
    expect(await rig.position()).toBe(`1 3 ${mark('s-1')}`);
  });

  test('a worker whose epoch is over publishes nothing, keeps what it has, and reports it once', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    await publisher.flushed(5_000);
    await rig.own(2, 'w-2/def');
    publisher.takeRange(4, 6);
    await until(() => publisher.calls.fenced === 1);
    publisher.takeRange(7, 9);
    expect(await publisher.flushed(500)).toBe(false);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 3));
    expect(publisher.calls.fenced).toBe(1);
    expect(publisher.stats.waiting).toBe(6);
  });

  test('an epoch that was raised for the same owner: flow publishes what was kept', async () => {
    let epoch = 1;
    await using publisher = await rig.publisher({ epoch: () => epoch });
    publisher.flow();
    publisher.begin('s-1', 3);
    await publisher.flushed(5_000);
    await rig.own(5);
    publisher.takeRange(4, 6);
    await until(() => publisher.calls.fenced === 1);
    epoch = 5;
    publisher.flow();
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 6));
  });

  test('an epoch that is raised while a script is under way: what it refused is published under the new one', async () => {
    let epoch = 1;
    await using publisher = await rig.publisher({ epoch: () => epoch });
    await rig.own(2);
    publisher.flow();
    publisher.begin('s-1', 3);
    await Promise.resolve();
    await Promise.resolve();
    epoch = 2;
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(publisher.calls.fenced).toBe(0);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 3));
  });

  test('the script that began an earlier session, run again: it is refused, and the stream stays', async () => {
    const client = await openRedis(redis.url, () => {});
    const sent: Parameters<typeof client.command>[] = [];
    const command = client.command.bind(client);
    client.command = (...args) => {
      sent.push(args);
      return command(...args);
    };
    await using publisher = await rig.publisher({ client });
    publisher.flow();
    publisher.begin('s-1', 2);
    await publisher.flushed(5_000);
    publisher.begin('s-2', 2);
    await publisher.flushed(5_000);
    const before = [await rig.stream(), await rig.position()];
    for (const args of sent) await command(...args).catch(() => {});
    expect([await rig.stream(), await rig.position()]).toEqual(before);
    expect(before[1]).toBe(`2 2 ${mark('s-2')}`);
  });

  test('held: nothing is published; flow: all of it is', async () => {
    await using publisher = await rig.publisher();
    publisher.begin('s-1', 5);
    expect(await publisher.flushed(500)).toBe(false);
    expect(await rig.ids()).toEqual([]);
    publisher.flow();
    expect(await publisher.flushed(5_000)).toBe(true);
    publisher.hold();
    publisher.takeRange(6, 7);
    expect(await publisher.flushed(500)).toBe(false);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 5));
  });

  test('a maxLength of 100: the stream is trimmed to about that', async () => {
    await using publisher = await rig.publisher({ maxLength: 100 });
    publisher.flow();
    publisher.begin('s-1', 2_000);
    await publisher.flushed(5_000);
    const ids = await rig.ids();
    expect(ids.at(-1)).toBe('1-2000');
    expect(ids.length).toBeLessThan(400);
  });

  test('a position that was deleted beside its stream: the generation goes on above the ids that are there', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 2);
    publisher.begin('s-2', 2);
    await publisher.flushed(5_000);
    await redis.command('DEL', `{publish-${names}}:positions`);
    await using next = await rig.publisher();
    next.flow();
    next.begin('s-3', 2);
    await next.flushed(5_000);
    expect((await rig.ids()).slice(-2)).toEqual(idsOf(3, 1, 2));
  });
});
