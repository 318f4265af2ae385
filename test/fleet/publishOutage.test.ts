import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../shard/rig.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import { frame, idsOf, mark, PublishRig, session } from './publishRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

describe.runIf(hasRedis)('ShardPublisher: holes and outages', () => {
  let redis: RedisServer;
  let rig: PublishRig;
  beforeEach(async () => {
    redis = await RedisServer.start();
    rig = new PublishRig(redis, 'outage');
    await rig.own(1);
  });
  afterEach(() => redis?.[Symbol.asyncDispose]());

  test('a hole in what the gateway sends: what is behind it waits for a RESUME, which fills it', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    publisher.take(frame(6));
    await until(() => publisher.calls.holes > 0);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 3));
    publisher.startFrom(session('s-1', 3));
    publisher.takeRange(4, 7);
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 7));
    expect(publisher.gaps).toEqual([]);
  });

  test('a hole that the RESUME does not fill becomes a gap, and the stream goes on behind it', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    publisher.take(frame(6));
    await until(() => publisher.calls.holes > 0);
    publisher.startFrom(session('s-1', 3));
    publisher.takeRange(6, 7);
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 3), ...idsOf(1, 6, 7)]);
    expect(publisher.gaps).toEqual([{ from: 4, to: 5 }]);
    // A second hole is asked for again.
    const asked = publisher.calls.holes;
    publisher.take(frame(9));
    expect(publisher.calls.holes).toBe(asked + 1);
  });

  test('a session that ends with a hole: what was missing becomes a gap', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    publisher.take(frame(6));
    publisher.begin('s-2', 2);
    await publisher.flushed(5_000);
    expect(publisher.gaps).toEqual([{ from: 4, to: 6 }]);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 3), ...idsOf(2, 1, 2)]);
  });

  test('a takeover of a session of which Redis has published nothing begins a generation', async () => {
    await using publisher = await rig.publisher();
    publisher.startFrom(session('s-1', 40));
    publisher.flow();
    publisher.takeRange(41, 43);
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 41, 43));
    expect(publisher.gaps).toEqual([]);
  });

  test('Redis paused: what comes is kept, the outage is reported once, and each event is there once afterwards', async () => {
    await using publisher = await rig.publisher({ answerLimitMs: 500 });
    publisher.flow();
    publisher.begin('s-1', 3);
    await publisher.flushed(5_000);
    redis.pause();
    publisher.takeRange(4, 1_000);
    await until(() => publisher.warnings.length > 0);
    publisher.takeRange(1_001, 2_000);
    redis.resume();
    expect(await publisher.flushed(10_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 2_000));
    expect(publisher.warnings).toHaveLength(1);
  });

  test('Redis killed and back as it was at its last save: what it lost is published again', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 10);
    await publisher.flushed(5_000);
    await redis.command('SAVE');
    publisher.takeRange(11, 500);
    await publisher.flushed(5_000);
    await redis.kill();
    publisher.takeRange(501, 510);
    await redis.start();
    expect(await publisher.flushed(10_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 510));
    expect(publisher.calls.holes).toBe(0);
  });

  test('Redis back without the READY of a session: the end of the one before it and the whole session are published again', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    await publisher.flushed(5_000);
    await redis.command('SAVE');
    publisher.takeRange(4, 5);
    publisher.begin('s-2', 4);
    await publisher.flushed(5_000);
    await redis.kill();
    await redis.start();
    publisher.take(frame(5));
    expect(await publisher.flushed(10_000)).toBe(true);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 5), ...idsOf(2, 1, 5)]);
    expect(publisher.warnings).toEqual([expect.stringContaining('6 events are published again')]);
    expect(await rig.position()).toBe(`2 5 ${mark('s-2')}`);
  });

  test('Redis lost more than is kept: a RESUME from its position brings the rest', async () => {
    await using publisher = await rig.publisher({ limits: { recent: 5 } });
    publisher.flow();
    publisher.begin('s-1', 10);
    await publisher.flushed(5_000);
    await redis.command('SAVE');
    publisher.takeRange(11, 100);
    await publisher.flushed(5_000);
    await redis.kill();
    await redis.start();
    publisher.take(frame(101));
    await until(() => publisher.calls.holes > 0, 10_000);
    expect(await rig.position()).toBe(`1 10 ${mark('s-1')}`);
    publisher.startFrom(session('s-1', 10));
    publisher.takeRange(11, 103);
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 103));
    expect(publisher.gaps).toEqual([]);
  });

  test('Redis back without the beginning of a session that another worker published: a gap from 1, and no RESUME', async () => {
    await using first = await rig.publisher();
    first.flow();
    first.begin('s-1', 2);
    await first.flushed(5_000);
    await redis.command('SAVE');
    first.begin('s-2', 5);
    await first.flushed(5_000);
    await redis.kill();
    await redis.start();
    await using second = await rig.publisher();
    second.startFrom(session('s-2', 5));
    second.flow();
    second.take(frame(6));
    expect(await second.flushed(5_000)).toBe(true);
    expect(second.gaps).toEqual([{ from: 1, to: 5 }]);
    expect(second.warnings).toEqual([
      expect.stringContaining('earlier session, the last events of which may be missing'),
    ]);
    expect(second.calls.holes).toBe(0);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 2), '2-6']);
  });

  test('Redis back without events of a session that has ended since: a gap, and the next session follows', async () => {
    await using first = await rig.publisher();
    first.flow();
    first.begin('s-1', 2);
    await first.flushed(5_000);
    await using second = await rig.publisher();
    second.startFrom(session('s-1', 5));
    second.take(frame(6));
    second.begin('s-2', 2);
    second.flow();
    expect(await second.flushed(5_000)).toBe(true);
    expect(second.gaps).toEqual([{ from: 3, to: 5 }]);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 2), '1-6', ...idsOf(2, 1, 2)]);
  });

  test('Redis back without what another worker published, and its session over without an event: a gap', async () => {
    await using first = await rig.publisher();
    first.flow();
    first.begin('s-1', 2);
    await first.flushed(5_000);
    await using second = await rig.publisher();
    second.startFrom(session('s-1', 5));
    second.begin('s-2', 2);
    second.flow();
    expect(await second.flushed(5_000)).toBe(true);
    expect(second.gaps).toEqual([{ from: 3, to: 5 }]);
    expect(await rig.ids()).toEqual([...idsOf(1, 1, 2), ...idsOf(2, 1, 2)]);
  });

  test('a script that fails is tried again with one event, then with all that wait', async () => {
    const client = await openRedis(redis.url, () => {});
    const counts: number[] = [];
    const command = client.command.bind(client);
    client.command = (key, args) => {
      // EVALSHA, digest, count, three keys and six arguments come before the events.
      counts.push((args.length - 12) / 2);
      return counts.length <= 2 ? Promise.reject(new Error('connection lost')) : command(key, args);
    };
    await using publisher = await rig.publisher({ client });
    publisher.flow();
    publisher.begin('s-1', 100);
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(counts.slice(0, 3)).toEqual([100, 1, 1]);
    expect(counts.at(-1)).toBe(99);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 100));
    expect(publisher.warnings).toHaveLength(1);
  });

  test('Redis back empty: fenced until the shard is adopted, then what is kept is published', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 10);
    await publisher.flushed(5_000);
    await redis.kill();
    await redis.start();
    publisher.take(frame(11));
    await until(() => publisher.calls.fenced === 1);
    expect(await rig.ids()).toEqual([]);
    await rig.own(1);
    publisher.flow();
    expect(await publisher.flushed(5_000)).toBe(true);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 11));
    expect(publisher.gaps).toEqual([]);
  });

  test('more than may be kept: the rest is left out, reported once, and brought by a RESUME after what was kept', async () => {
    const length = frame(50).length;
    await using publisher = await rig.publisher({ limits: { waitingLength: 20 * length } });
    publisher.begin('s-1', 200);
    expect(publisher.stats.waiting).toBeLessThan(25);
    expect(publisher.calls.holes).toBe(0);
    expect(publisher.warnings).toHaveLength(1);
    publisher.flow();
    await until(() => publisher.calls.holes > 0);
    const kept = Number((await rig.position())?.split(' ')[1]);
    publisher.startFrom(session('s-1', kept));
    for (let sequence = kept + 1; sequence <= 201; sequence += 1) {
      publisher.take(frame(sequence));
      await publisher.flushed(5_000);
    }
    expect(await rig.ids()).toEqual(idsOf(1, 1, 201));
  });

  test('a session that Redis does not know, and an earlier one that it has: what waits of the later one is dropped', async () => {
    await using publisher = await rig.publisher();
    publisher.flow();
    publisher.begin('s-1', 3);
    await publisher.flushed(5_000);
    publisher.hold();
    publisher.begin('s-2', 4);
    publisher.startFrom(session('s-1', 3));
    publisher.flow();
    publisher.takeRange(4, 5);
    await publisher.flushed(5_000);
    expect(await rig.ids()).toEqual(idsOf(1, 1, 5));
    expect(publisher.warnings).toEqual([expect.stringContaining('4 events that were not published are dropped')]);
  });

  test('stop: what waits is forgotten, flushed answers false, and later events are ignored', async () => {
    await using publisher = await rig.publisher();
    publisher.begin('s-1', 3);
    const flushed = publisher.flushed(5_000);
    publisher.stop();
    expect(await flushed).toBe(false);
    publisher.take(frame(4));
    publisher.flow();
    expect(publisher.stats.waiting).toBe(0);
    expect(await rig.ids()).toEqual([]);
  });
});
