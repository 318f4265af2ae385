import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scenario, until } from './rig.js';

/** Whether bytes of a socket are being handed on right now. */
let isReading = false;
const { push } = Socket.prototype;

beforeAll(() => {
  Socket.prototype.push = function (this: Socket, ...args: Parameters<typeof push>) {
    const before = isReading;
    isReading = true;
    try {
      return push.apply(this, args);
    } finally {
      isReading = before;
    }
  };
});

afterAll(() => {
  // It was inherited.
  Reflect.deleteProperty(Socket.prototype, 'push');
});

it.each(['zlib-stream', 'payload', 'none'] as const)(
  'a listener sees an event in the turn in which its last byte arrived: %s',
  (compression) =>
    scenario({ shard: { compression } }, async ({ simulator, shard }) => {
      const heard: [string, boolean][] = [];
      shard.on('dispatch', ({ t }) => heard.push([`dispatch ${t}`, isReading]));
      shard.on('MESSAGE_CREATE', () => heard.push(['MESSAGE_CREATE', isReading]));
      await shard.connect();
      // Large enough to arrive in many pieces, and small enough to arrive with others.
      simulator.dispatch('MESSAGE_CREATE', { content: Array.from({ length: 40_000 }, (_, n) => n * n).join(' ') });
      for (let n = 0; n < 5; n += 1) simulator.dispatch('MESSAGE_CREATE', { n });
      await until(() => heard.length >= 13);
      expect(heard).toEqual([
        ['dispatch READY', true],
        ...Array.from({ length: 6 }, () => [
          ['dispatch MESSAGE_CREATE', true],
          ['MESSAGE_CREATE', true],
        ]).flat(),
      ]);
    })(),
);
