import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { connected, eventually, identified, RawClient, simulate } from './rawClient.js';

const zlibStream = { v: '10', encoding: 'json', compress: 'zlib-stream' };
const zstdStream = { v: '10', encoding: 'json', compress: 'zstd-stream' };
const hasZstd = 'createZstdCompress' in zlib;

function inflated({ messages }: RawClient): string[] {
  return messages.filter(({ isBinary }) => isBinary).map(({ data }) => zlib.inflateSync(data).toString());
}

describe('zlib-stream', () => {
  test('every message from HELLO on is binary, ends with 00 00 ff ff, and shares one context', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, {}, zlibStream);
    for (let n = 0; n < 200; n++) simulator.dispatch('N', { n, text: 'the same words again and again' });
    await eventually(() => client.dispatches.length === 200);
    expect(client.dispatches).toEqual(Array.from({ length: 200 }, (_, n) => ['N', n + 2]));
    expect(client.messages).toHaveLength(202);
    for (const { data, isBinary } of client.messages) {
      expect(isBinary).toBe(true);
      expect(data.subarray(-4).toString('hex')).toBe('0000ffff');
    }
    expect(client.messages.at(-1)?.data.length).toBeLessThan(40);
    expect(simulator.connections[0]?.compression).toBe('zlib-stream');
  });

  test('a dispatch of more than 300 KB arrives whole', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, {}, zlibStream);
    const text = Array.from({ length: 60_000 }, (_, n) => n * 7_919).join();
    simulator.dispatch('LARGE', { text });
    expect((await client.event('LARGE')).d.text).toBe(text);
  });

  test('splitFrames: 10 cuts a payload into WebSocket messages of at most 10 bytes', async () => {
    const simulator = await simulate({ splitFrames: 10 });
    const { client } = await identified(simulator, {}, zlibStream);
    simulator.dispatch('A', { words: 'some that differ: alpha beta gamma' });
    await client.event('A');
    expect(client.messages.length).toBeGreaterThan(10);
    expect(Math.max(...client.messages.map(({ data }) => data.length))).toBe(10);
  });

  test('sendText goes through the context, and the next dispatch inflates', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator, {}, zlibStream);
    simulator.sendText('no json');
    simulator.dispatch('A', 1);
    await client.event('A');
    expect(client.garbage).toEqual(['no json']);
  });

  test.each([0, 3])('sendCorrupt after %i dispatches breaks the inflater', async (count) => {
    const simulator = await simulate();
    const { client } = await identified(simulator, {}, zlibStream);
    for (let n = 0; n < count; n++) simulator.dispatch('N', n);
    expect(simulator.sendCorrupt()).toBe(1);
    await eventually(() => client.garbage.length > 0);
    expect(client.garbage[0]).toMatch(/invalid block type/);
  });

  test('sendCorrupt in place of HELLO breaks the inflater', async () => {
    const simulator = await simulate({ script: [{ at: 'hello', skip: true }] });
    const client = new RawClient(simulator.url, zlibStream);
    await eventually(() => simulator.connections.length === 1);
    simulator.sendCorrupt();
    await eventually(() => client.garbage.length > 0);
    expect(client.garbage[0]).toMatch(/incorrect header check/);
  });
});

describe('payload compression', () => {
  test('IDENTIFY with compress: true gets large messages as zlib buffers and small ones as text, after RESUME too', async () => {
    const simulator = await simulate({ payloadCompressionThreshold: 600 });
    const { client, sessionId } = await identified(simulator, { compress: true });
    const large = { text: 'x'.repeat(1_000) };
    simulator.dispatch('LARGE', large);
    simulator.dispatch('SMALL', 1);
    await client.event('SMALL');
    expect(inflated(client)).toEqual([JSON.stringify({ t: 'LARGE', s: 2, op: 0, d: large })]);
    expect(simulator.connections[0]?.compression).toBe('payload');

    client.socket.close(4_900);
    await client.ended();
    const back = await connected(simulator);
    back.resume(sessionId, 1);
    await back.event('RESUMED');
    expect(inflated(back)).toHaveLength(1);
  });

  test('compress: true is ignored beside zlib-stream', async () => {
    const simulator = await simulate({ payloadCompressionThreshold: 0 });
    const { client } = await identified(simulator, { compress: true }, zlibStream);
    expect(client.frames).toHaveLength(2);
    expect(simulator.connections[0]?.compression).toBe('zlib-stream');
  });

  test('sendCorrupt without compression sends a binary message that is neither zlib nor JSON', async () => {
    const simulator = await simulate();
    const { client } = await identified(simulator);
    simulator.sendCorrupt();
    const { data } = await eventually(() => client.messages.find(({ isBinary }) => isBinary));
    expect(() => zlib.inflateSync(data)).toThrow();
    expect(() => JSON.parse(data.toString())).toThrow();
  });
});

describe('zstd-stream', () => {
  test.skipIf(hasZstd)('an upgrade with zstd-stream is refused with HTTP 400 where Node has no zstd', async () => {
    const simulator = await simulate();
    const client = new RawClient(simulator.url, zstdStream);
    expect(await eventually(() => client.refused)).toMatchObject({ status: 400 });
  });

  test.skipIf(!hasZstd)('every message is binary and shares one context, and sendCorrupt breaks it', async () => {
    const { ZstdDecompress } = await import('minizlib');
    const inflater = new ZstdDecompress({});
    const simulator = await simulate();
    const client = new RawClient(simulator.url, zstdStream);
    const received: string[] = [];
    client.socket.on('message', (data: Buffer) => {
      inflater.write(data);
      received.push(inflater.read()?.toString() ?? '');
    });
    await eventually(() => received.length === 1);
    client.identify();
    await eventually(() => received.length === 2);
    simulator.dispatch('A', 1);
    await eventually(() => received.length === 3);
    expect(received.map((text) => JSON.parse(text).t)).toEqual([null, 'READY', 'A']);
    inflater.on('error', (error) => received.push(String(error)));
    simulator.sendCorrupt();
    await eventually(() => received.some((text) => /error/i.test(text)));
  });
});
