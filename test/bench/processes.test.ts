import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { expectAsked, withServer } from './processes.mjs';

test('a client that asks for another compression than the one to be measured fails the benchmark', async () => {
  await withServer({ seed: 1, warmUp: 1, events: 1, interval: 1_000 }, async ({ server, url }) => {
    const connect = async (query: string) => {
      const socket = new WebSocket(`${url}/?v=10&encoding=json${query}`);
      await once(socket, 'message');
      socket.terminate();
    };
    await connect('&compress=zlib-stream');
    await connect('&compress=zlib-stream');
    await expectAsked(server, 'one', 'zlib-stream');
    await connect('');
    await expect(expectAsked(server, 'another', 'zlib-stream')).rejects.toThrow(
      'another was to ask for zlib-stream and asked for none',
    );
    await expect(expectAsked(server, 'a third', 'none')).rejects.toThrow('asked for nothing');
    await connect('');
    await expectAsked(server, 'the last', 'none');
  });
});
