import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { consumeFleet } from '../../src/fleet/index.js';
import { until } from '../shard/rig.js';
import { createClient, createIoRedis } from './clients.js';
import { namesOf, StreamRig, type TestConsumer } from './consumeRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

/** Waits until a condition in Redis holds. */
const eventually = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 15_000, interval: 50 });

const received = (consumers: readonly TestConsumer[], count: number) =>
  until(() => consumers.reduce((sum, { events }) => sum + events.length, 0) >= count, 15_000);

describe.runIf(hasRedis)('consumeFleet', () => {
  let redis: RedisServer;
  let number = 0;
  const create = () => new StreamRig(redis, `consume-${(number += 1)}`);
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis?.[Symbol.asyncDispose]());

  test('a group that starts before the fleet gets every event, in order in a shard, as the gateway sent it', async () => {
    const rig = create();
    await using consumer = rig.consume('c-1');
    await eventually(async () => expect(await rig.isJoined()).toBe(true));
    await rig.layout(1, 2);
    await rig.publish('1:0', 1, 3);
    await rig.publish('1:1', 1, 3);
    await received([consumer], 6);
    expect(consumer.names.filter((name) => name.startsWith('0/'))).toEqual(namesOf(0, 1, 3));
    expect(consumer.names.filter((name) => name.startsWith('1/'))).toEqual(namesOf(1, 1, 3));
    const [first] = consumer.events;
    expect(first?.session).toBe('mark-1');
    expect(JSON.parse(first?.raw ?? '')).toEqual(first?.payload);
    expect(first?.payload.s).toBe(first?.sequence);
    await eventually(async () => expect([await rig.pending('1:0'), await rig.pending('1:1')]).toEqual([0, 0]));
  });

  test('a new group begins behind what is published already, and a stream that appears later at its first event', async () => {
    const rig = create();
    await rig.layout(1, 2);
    await rig.publish('1:0', 1, 5);
    await using consumer = rig.consume('c-1');
    await eventually(async () => expect(await rig.readers()).toEqual({ 'c-1': ['1:0'] }));
    await rig.publish('1:0', 6, 7);
    await rig.publish('1:1', 1, 2);
    await received([consumer], 4);
    expect(consumer.names.toSorted()).toEqual([...namesOf(0, 6, 7), ...namesOf(1, 1, 2)]);
  });

  test("from: 'start' begins at the oldest event that is kept", async () => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 5);
    await using consumer = rig.consume('c-1', { from: 'start' });
    await received([consumer], 5);
    expect(consumer.names).toEqual(namesOf(0, 1, 5));
  });

  test('a group goes on after its last consumer left where it was, and another group has a place of its own', async () => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1);
    {
      await using first = rig.consume('c-1', { from: 'start' });
      await received([first], 1);
      await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
    }
    await rig.publish('1:0', 2, 3);
    await using second = rig.consume('c-2');
    await using other = rig.consume('c-1', { from: 'start', group: 'other' });
    await received([second, other], 5);
    expect(second.names).toEqual(namesOf(0, 2, 3));
    expect(other.names).toEqual(namesOf(0, 1, 3));
  });

  test('events: the other types are acknowledged and not handed out, and so is a text that is no event', async () => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 2, { type: 'TYPING_START' });
    await redis.command('XADD', `{consume-${number}}:stream:1:0`, '1-3', 'p', 'nonsense', 'm', 'mark-1');
    await rig.publish('1:0', 4);
    await using consumer = rig.consume('c-1', { from: 'start', events: ['MESSAGE_CREATE'] });
    await received([consumer], 1);
    expect(consumer.names).toEqual(['0/4']);
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
  });

  test('1 000 events that are not acknowledged stop the reading, and their acknowledgement lets it go on', async () => {
    const rig = create();
    await rig.layout(1, 1);
    const key = `{consume-${number}}:stream:1:0`;
    const text = `for s = 1, 1500 do redis.call('XADD', KEYS[1], '1-' .. s, 'p', '{"t":"TYPING_START","s":' .. s .. '}', 'm', 'x') end`;
    await redis.command('EVAL', text, '1', key);
    await using consumer = rig.consume('c-1', { from: 'start' });
    consumer.acknowledges = false;
    await received([consumer], 1_000);
    expect(await rig.pending('1:0')).toBe(1_000);
    consumer.acknowledges = true;
    await Promise.all(consumer.events.map(({ ack }) => ack()));
    await received([consumer], 1_500);
    expect(consumer.names).toEqual(namesOf(0, 1, 1_500));
  });

  test('an acknowledgement in each of many turns of the event loop reaches Redis, the last one too', async () => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 20);
    await using consumer = rig.consume('c-1', { from: 'start' });
    consumer.acknowledges = false;
    await received([consumer], 20);
    for (const [at, { ack }] of consumer.events.entries()) {
      const done = ack();
      // The sending ends some microtasks after its answer: an acknowledgement may fall into each of them.
      for (let turn = 0; turn < at; turn += 1) await Promise.resolve();
      if (at % 2 === 0) await done;
    }
    await Promise.all(consumer.events.map(({ ack }) => ack()));
    await eventually(async () => expect(await rig.pending('1:0')).toBe(0));
  });

  test('a signal ends the loop with its reason, and what was not acknowledged comes to the next consumer first', async () => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1, 3);
    const control = new AbortController();
    const first = rig.consume('c-1', { from: 'start', signal: control.signal });
    first.acknowledges = false;
    await received([first], 3);
    await first.events[0]?.ack();
    control.abort(new Error('enough'));
    await first.ended;
    expect(first.error).toEqual(new Error('enough'));
    await first.stream.return();
    await expect(first.events[1]?.ack()).rejects.toMatchObject({ code: 'CLOSED' });
    await rig.publish('1:0', 4);
    await using second = rig.consume('c-2');
    await received([second], 3);
    expect(second.names).toEqual(namesOf(0, 2, 4));
  });

  test.each(['redis', 'ioredis'])('a client of %s that was passed in stays open at the end', async (kind) => {
    const rig = create();
    await rig.layout(1, 1);
    await rig.publish('1:0', 1);
    const [ioRedis, nodeRedis] = [createIoRedis(redis.url), await createClient({ url: redis.url }).connect()];
    const client = kind === 'redis' ? nodeRedis : ioRedis;
    {
      await using consumer = rig.consume('c-1', { redis: client, from: 'start' });
      await received([consumer], 1);
    }
    expect(await ioRedis.ping()).toBe('PONG');
    expect(await nodeRedis.sendCommand(['PING'])).toBe('PONG');
    ioRedis.disconnect();
    nodeRedis.destroy();
  });

  test.each([
    [{ group: 'a b' }, '`group`'],
    [{ consumer: '' }, '`consumer`'],
    [{ from: 'now' }, '`from`'],
    [{ idle: 10 }, '`idle`'],
    [{ events: ['message'] }, '`events`'],
    [{ grup: 'web' }, 'Did you mean "group"'],
  ])('an option such as %j is refused at once', (options, text) => {
    const given = { redis: redis.url, name: 'bot', group: 'web', consumer: 'c-1', ...options } as never;
    expect(() => consumeFleet(given)).toThrow(text);
  });
});
