import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createInflater,
  hasZstd,
  loadInflater,
  type Inflater,
  type ZlibImplementation,
} from '../../../src/actors/inflate/createInflater.js';
import { runProgram } from '../../program.js';
import { stored } from './blocks.js';
import { compress } from './compress.js';

const cut = (message: Buffer, ...at: number[]): Buffer[] =>
  [0, ...at].map((from, index) => message.subarray(from, at[index] ?? message.length));

const text = (content: string) => JSON.stringify({ t: 'MESSAGE_CREATE', s: 1, op: 0, d: { content } });

await loadInflater('zlib-stream', 'minizlib');

const implementations: ZlibImplementation[] = ['wasm', 'zlib-sync', 'minizlib'];

/** As text at once, for the bytes are good until the next frame. */
const textsOf = (inflater: Inflater) => ({
  push: (frame: Buffer) => inflater.push(frame)?.toString() ?? null,
  close: () => inflater.close(),
});

describe.each(implementations)('zlib-stream with %s', (implementation) => {
  const inflater = () => {
    const made = textsOf(createInflater('zlib-stream', implementation));
    onTestFinished(() => made.close());
    return made;
  };
  const read = (frames: readonly Buffer[]) => {
    const stream = inflater();
    return frames.map((frame) => stream.push(frame)).filter((message) => message !== null);
  };

  test('each frame a message', () => {
    const messages = [text('one'), text('two'), text('one')];
    expect(read(compress(messages))).toEqual(messages);
  });

  test('a message cut into frames of one byte comes whole, with its last frame and not before', () => {
    const stream = inflater();
    const [first, second] = compress([text('cut'), text('next')]) as [Buffer, Buffer];
    const bytes = cut(first, ...Array.from({ length: first.length - 1 }, (_, index) => index + 1));
    const answers = bytes.map((byte) => stream.push(byte));
    expect(answers.slice(0, -1).every((answer) => answer === null)).toBe(true);
    expect(answers.at(-1)).toBe(text('cut'));
    expect(stream.push(second)).toBe(text('next'));
  });

  test.each([1, 2, 3])('a message cut %d bytes before the end, inside the suffix', (before) => {
    const [message] = compress([text('suffix')]) as [Buffer];
    expect(read(cut(message, message.length - before))).toEqual([text('suffix')]);
  });

  test('wherever messages are cut, the same texts come out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 5 }),
        // Anywhere alike: of `fc.double` nearly all are next to 0.
        fc.array(fc.nat({ max: 9_999 }), { maxLength: 5 }),
        (contents, cuts) => {
          const messages = contents.map(text);
          const stream = textsOf(createInflater('zlib-stream', implementation));
          const heard: (string | null)[] = [];
          for (const message of compress(messages)) {
            const places = [...new Set(cuts.map((place) => 1 + Math.floor((place / 10_000) * (message.length - 2))))];
            const frames = cut(message, ...places.toSorted((a, b) => a - b));
            heard.push(...frames.map((frame) => stream.push(frame)));
          }
          stream.close();
          expect(heard.filter((message) => message !== null)).toEqual(messages);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('characters of several bytes stay whole across frames and across output chunks', () => {
    const message = text('Ä€😀漢字'.repeat(20_000));
    const [bytes] = compress([message]) as [Buffer];
    expect(read([bytes])).toEqual([message]);
    expect(read(cut(bytes, 3, 17, bytes.length - 5))).toEqual([message]);
  });

  test('2 MB that compress to nothing, in two frames: gathered before they are inflated', () => {
    const message = text('a'.repeat(2_000_000));
    const [bytes] = compress([message]) as [Buffer];
    expect(bytes.length).toBeLessThan(10_000);
    for (const at of [1, bytes.length >> 1, bytes.length - 1]) expect(read(cut(bytes, at))).toEqual([message]);
  });

  test('corrupt data throws', () => {
    const [message] = compress([text('corrupt me, please, at some length')]) as [Buffer];
    const corrupt = Buffer.from(message);
    corrupt.fill(0xee, 0, 12);
    expect(() => inflater().push(corrupt)).toThrow();
  });

  test('a second message that is corrupt throws, and the first was right', () => {
    const stream = inflater();
    const [first] = compress([text('fine')]) as [Buffer];
    expect(stream.push(first)).toBe(text('fine'));
    expect(() => stream.push(Buffer.from('not zlib at all, for sure\x00\x00\xff\xff', 'latin1'))).toThrow();
  });

  test('a message that never ends is refused rather than gathered for ever', () => {
    const stream = inflater();
    const megabytes = Buffer.alloc(8 * 1024 * 1024, 1);
    const flood = () => {
      for (let frame = 0; frame < 9; frame += 1) stream.push(megabytes);
    };
    expect(flood).toThrow('does not end');
  });

  test.each([998, 1_000, 1_001, 2_500])('a message in %d frames of one byte is the message that was sent', (length) => {
    // A stored block: as many frames as characters, and a few for the header.
    const sent = 'x'.repeat(length);
    const stream = inflater();
    const message = Buffer.concat([Buffer.from([0x78, 0x01]), stored(Buffer.from(sent)), stored(Buffer.alloc(0))]);
    const answers = Array.from(message, (byte) => stream.push(Buffer.of(byte)));
    expect(answers.filter((answer) => answer !== null)).toEqual([sent]);
    expect(answers.at(-1)).toBe(sent);
  });

  test('an empty frame changes nothing', () => {
    const [message] = compress([text('empty')]) as [Buffer];
    expect(read([Buffer.alloc(0), message])).toEqual([text('empty')]);
    expect(read([...cut(message, 4), Buffer.alloc(0)].slice(0, 2))).toEqual([text('empty')]);
  });

  test('two connections share nothing', () => {
    const [first, second] = [inflater(), inflater()];
    const [a] = compress([text('a')]) as [Buffer];
    const [half] = cut(a, 5) as [Buffer];
    expect(first.push(half)).toBeNull();
    expect(second.push(a)).toBe(text('a'));
  });
});

test('where WebAssembly cannot be used, zlib-sync inflates instead, which is said once', () => {
  const program = `
    import { createShard, createIdentifyLimiter } from './dist/src/index.js';
    import { createGatewaySimulator } from './dist/src/simulator/index.js';
    // As where a process has too few addresses; Node itself needs the rest of it.
    WebAssembly.Instance = class {
      constructor() {
        throw new RangeError('Out of memory');
      }
    };
    const simulator = await createGatewaySimulator({ token: 'any', identifyWindow: 0 });
    const said = [];
    const logger = { debug() {}, info: (line) => said.push(line), warn: console.error, error: console.error };
    const identifyLimiter = createIdentifyLimiter({ window: 0 });
    const heard = [];
    for (const id of [0, 1]) {
      const options = { token: 'any', intents: 1, id, total: 2, url: simulator.url, logger, identifyLimiter };
      const shard = createShard({ ...options, compression: 'zlib-stream' });
      shard.on('MESSAGE_CREATE', ({ content }) => heard.push(content));
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', { content: 'hello ' + id }, id);
      while (heard.length <= id) await new Promise(setImmediate);
      await shard.shutdown();
    }
    await simulator.close();
    console.log(JSON.stringify([heard, said.filter((line) => line.includes('inflates instead'))]));
  `;
  const { stdout, stderr } = runProgram(program);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    ['hello 0', 'hello 1'],
    [expect.stringMatching(/^shard 0: WebAssembly cannot be used \(Out of memory\): zlib-sync inflates instead/)],
  ]);
});

test('a million frames of one byte that end no message take about their bytes: under 8 MB', () => {
  const program = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { createInflater } from './dist/src/actors/inflate/createInflater.js';
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const usedBytes = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const stream = createInflater('zlib-stream');
    stream.push(Buffer.of(1));
    const before = usedBytes();
    for (let chunks = 0; chunks < 16; chunks += 1) {
      const chunk = Buffer.alloc(65_536, 1);
      for (let at = 0; at < chunk.length; at += 1) stream.push(chunk.subarray(at, at + 1));
    }
    console.log((usedBytes() - before) / 1024 ** 2);
    stream.close();
  `;
  const { stdout, stderr } = runProgram(program);
  expect(stderr).toBe('');
  // 115 MB before frames were joined.
  expect(Number(stdout)).toBeLessThan(8);
});

// With zlib-sync it was aborted on Node 24.19 and later 24.x (nodejs/node#65446).
test('a process outlives the inflaters of connections that have ended', () => {
  const program = `
    import { setTimeout } from 'node:timers/promises';
    import { createInflater } from './dist/src/actors/inflate/createInflater.js';
    const inflaters = () => Array.from({ length: 20 }, () => createInflater('zlib-stream'));
    const garbage = () => Array.from({ length: 200_000 }, (_, n) => ({ n }));
    for (let round = 0; round < 50; round += 1) {
      for (const inflater of inflaters()) inflater.close();
      garbage();
      await setTimeout(1);
    }
    console.log('alive');
  `;
  expect(runProgram(program)).toEqual({ stdout: 'alive\n', stderr: '', status: 0 });
});

describe('payload compression', () => {
  test('each binary frame is one message of its own', () => {
    const inflater = textsOf(createInflater('payload'));
    for (const content of ['one', 'zwei 😀'])
      expect(inflater.push(zlib.deflateSync(text(content)))).toBe(text(content));
  });

  test('corrupt data throws', () => {
    expect(() => createInflater('payload').push(Buffer.from('nonsense'))).toThrow();
  });
});

if (!hasZstd) console.warn(`zstd-stream is SKIPPED: node:zlib of ${process.version} has no zstd (22.15 and 24 do)`);

describe.skipIf(!hasZstd)('zstd-stream', () => {
  interface Zstd {
    createZstdCompress(): zlib.Deflate;
  }

  test('a connection has one context, and each frame is one message', async () => {
    const stream = (zlib as unknown as Zstd).createZstdCompress();
    const inflater = textsOf(createInflater('zstd-stream'));
    const frames: Buffer[] = [];
    stream.on('data', (frame: Buffer) => frames.push(frame));
    for (const content of ['one', 'two', 'one 😀']) {
      stream.write(text(content));
      await new Promise<void>((resolve) => stream.flush(() => resolve()));
      expect(inflater.push(Buffer.concat(frames.splice(0)))).toBe(text(content));
    }
    inflater.close();
    stream.destroy();
  });

  test('corrupt data throws', () => {
    expect(() => createInflater('zstd-stream').push(Buffer.from('nonsense, and more of it'))).toThrow();
  });
});
