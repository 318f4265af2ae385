import { describe, expect, it } from 'vitest';
import type { EventStream, Shard } from '../../src/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { reached, scenario, story, until } from './rig.js';

const numbered = (simulator: GatewaySimulator, from: number, to: number) => {
  for (let n = from; n < to; n += 1) simulator.dispatch('MESSAGE_CREATE', { n });
};

/** Reads on until it ends, or for so many. */
async function read(events: EventStream, count = Infinity): Promise<(number | string)[]> {
  const heard: (number | string)[] = [];
  while (heard.length < count) {
    const { done, value } = await events.next();
    if (done === true) break;
    heard.push(value.t === 'MESSAGE_CREATE' ? (value.d as unknown as { n: number }).n : value.t);
  }
  return heard;
}

/** All that was dispatched has been received, whether it was looked at or not. */
const received = (shard: Shard, dispatches: number) => until(() => shard.stats.dispatches === dispatches);

/** Whether dispatches are parsed: in one that is no JSON the shard would find out. */
async function parses(shard: Shard, simulator: GatewaySimulator): Promise<boolean> {
  const { malformed, framesReceived } = shard.stats;
  simulator.sendText('{"t":"TYPING_START","s":1,"op":0,"d":{no}}');
  await until(() => shard.stats.framesReceived > framesReceived);
  return shard.stats.malformed > malformed;
}

describe.concurrent('the stream of events', () => {
  it(
    'has every dispatch from the call on, in order, through a reconnect, and ends on shutdown',
    scenario({}, async ({ simulator, shard }) => {
      const events = shard.events();
      await shard.connect();
      numbered(simulator, 0, 100);
      await received(shard, 101);
      simulator.reset();
      numbered(simulator, 100, 200);
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      numbered(simulator, 200, 300);
      await received(shard, 302);
      await shard.shutdown();
      const heard = await read(events);
      expect(heard.filter((each) => each !== 'RESUMED')).toEqual([
        'READY',
        ...Array.from({ length: 300 }, (_, n) => n),
      ]);
      expect(heard).toContain('RESUMED');
      expect(events.dropped).toBe(0);
      expect(await read(shard.events())).toEqual([]);
    }),
  );

  it(
    'goes on after close() and connect(), for that is not the end of the shard',
    scenario({}, async ({ simulator, shard }) => {
      const events = shard.events();
      await shard.connect();
      await shard.close();
      await shard.connect();
      numbered(simulator, 0, 1);
      expect(await read(events, 3)).toEqual(['READY', 'READY', 0]);
    }),
  );

  it(
    'stops parsing once its loop is left',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const events = shard.events();
      expect(await parses(shard, simulator)).toBe(true);
      numbered(simulator, 0, 3);
      for await (const { t } of events) {
        expect(t).toBe('MESSAGE_CREATE');
        break;
      }
      expect(await parses(shard, simulator)).toBe(false);
      expect(await read(events)).toEqual([]);
    }),
  );

  it(
    'throws the fatal error once it has told what came before',
    scenario({}, async ({ simulator, shard }) => {
      const fatal = new Promise((resolve) => shard.once('fatal', resolve));
      const [events, idle] = [shard.events(), shard.events()];
      const waiting = read(idle, 4).then(() => idle.next());
      const failed = expect(waiting).rejects.toMatchObject({ name: 'FatalShardError', code: 'FATAL', closeCode: 4004 });
      await shard.connect();
      numbered(simulator, 0, 3);
      await received(shard, 4);
      simulator.closeWith(4004);
      const error = await fatal;
      await failed;
      expect(await read(events, 4)).toEqual(['READY', 0, 1, 2]);
      await expect(events.next()).rejects.toBe(error);
      expect(await read(events)).toEqual([]);
      await expect(shard.events().next()).rejects.toBe(error);
    }),
  );

  it(
    'throws BUFFER_OVERFLOW where its loop is too slow, after what was kept, and listens no more',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const events = shard.events({ buffer: 5 });
      numbered(simulator, 0, 8);
      await received(shard, 9);
      expect(await parses(shard, simulator)).toBe(false);
      expect(await read(events, 5)).toEqual([0, 1, 2, 3, 4]);
      await expect(events.next()).rejects.toMatchObject({ name: 'ShardError', code: 'BUFFER_OVERFLOW', value: 5 });
    }),
  );

  it(
    'keeps the latest and counts what it dropped, if told so',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const events = shard.events({ buffer: 5, overflow: 'drop-oldest' });
      numbered(simulator, 0, 8);
      await received(shard, 9);
      expect(events.dropped).toBe(3);
      expect(await read(events, 5)).toEqual([3, 4, 5, 6, 7]);
      await events.return();
      expect(await parses(shard, simulator)).toBe(false);
    }),
  );

  it(
    'is ended by its signal, at once',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const stop = new AbortController();
      const reason = new Error('enough');
      const events = shard.events({ signal: stop.signal });
      numbered(simulator, 0, 3);
      await received(shard, 4);
      stop.abort(reason);
      await expect(events.next()).rejects.toBe(reason);
      expect(await parses(shard, simulator)).toBe(false);
      await expect(shard.events({ signal: stop.signal }).next()).rejects.toBe(reason);
      expect(await parses(shard, simulator)).toBe(false);
    }),
  );

  it(
    'has only what the option `events` names, where there is one',
    scenario({ shard: { events: ['MESSAGE_CREATE'] } }, async ({ simulator, shard }) => {
      await using events = shard.events();
      await shard.connect();
      simulator.dispatch('TYPING_START', {});
      numbered(simulator, 0, 1);
      expect(await read(events, 2)).toEqual(['READY', 0]);
    }),
  );

  it(
    'refuses options that cannot be',
    scenario({}, async ({ shard }) => {
      for (const buffer of [0, -1, 1.5, NaN, Infinity, '10']) {
        expect(() => shard.events({ buffer: buffer as number })).toThrow(
          expect.objectContaining({ code: 'INVALID_OPTION', value: buffer }),
        );
      }
      expect(() => shard.events({ overflow: 'drop-newest' as 'throw' })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', value: 'drop-newest' }),
      );
    }),
  );
});
