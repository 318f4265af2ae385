import { freemem } from 'node:os';
import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { deflated, saidAgain, stored } from '../../src/actors/deflateBlocks.js';
import { createInflater, type ZlibImplementation } from '../../src/actors/inflate.js';
import { Inflaters } from '../../src/actors/inflaters.js';
import {
  MinizlibInflate,
  ZlibSyncBytesInflate,
  ZlibSyncInflate,
  type RawInflate,
} from '../../src/actors/rawInflate.js';
import { ZlibContext } from '../../src/actors/zlibContext.js';
import { zlibSync, zlibSyncFlaw } from '../../src/actors/zlibSyncAddon.js';
import { runProgram } from '../program.js';
import { compress, compressor } from './compress.js';

const implementations: ZlibImplementation[] = ['minizlib'];
if (zlibSync !== null) implementations.push('zlib-sync');
else console.warn(`${zlibSyncFlaw}: its tests are SKIPPED`);

const WINDOW = 32 * 1024;
/** Small messages after a large one. */
const AFTER_LARGE = 40;

/** Of few words, so that each message refers to many before it, as far back as it can. */
const aText = (minLength: number, maxLength: number) =>
  fc
    .tuple(
      fc.integer({ min: minLength, max: maxLength }),
      fc.nat(),
      fc.constantFrom('a', 'é', '漢', '😀', 'x\uFFFD'),
      fc.boolean(),
    )
    .map(([length, seed, odd, isPlain]) => {
      let state = seed;
      let text = '';
      while (text.length < length) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        text += isPlain || state % 7 > 0 ? `${(state >>> 8).toString(36)} ` : odd;
      }
      return text;
    });

/** Text that compresses badly: one message of it is more than a stream keeps in place of an inflater. */
const noise = (length: number, seed = 1) => {
  let state = seed;
  let text = '';
  while (text.length < length) text += (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0).toString(36);
  return text.slice(0, length);
};

/** A stored block of which this is all that has come. RFC 1951, section 3.2.4. */
const storedBlock = (length: number, beginning: string) => {
  const header = stored(Buffer.alloc(length)).subarray(0, -length);
  return Buffer.concat([header, Buffer.from(beginning, 'latin1')]);
};
const HEADER = Buffer.from([0x78, 0x9c]);
const SUFFIX = '\x00\x00\xff\xff';

describe('a block that says the window again', () => {
  test('tells an inflater’s last 32 KiB, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), fc.nat({ max: WINDOW }), (pattern, before) => {
        const text = Buffer.alloc(WINDOW + before, pattern);
        const stream = Buffer.concat([deflated(text), saidAgain(WINDOW), saidAgain(WINDOW)]);
        const told = zlib.inflateRawSync(stream, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(text.length);
        const window = text.subarray(-WINDOW);
        expect(told.equals(Buffer.concat([window, window]))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(implementations)('zlib-stream with %s', (implementation) => {
  const open = () => createInflater('zlib-stream', implementation);
  const inflate = (frames: readonly Buffer[], stream = open()) => frames.map((frame) => stream.push(frame));

  test('goes on with the same texts, wherever large ones came', () => {
    const aBurst = fc
      .tuple(
        fc.array(aText(WINDOW - 10, WINDOW * 3), { minLength: 1, maxLength: 3 }),
        fc.array(aText(1, 600), { minLength: AFTER_LARGE - 20, maxLength: AFTER_LARGE + 20 }),
      )
      .map(([large, small]) => [large, small, large, small.slice(0, 3)].flat());
    fc.assert(
      fc.property(fc.array(aBurst, { minLength: 1, maxLength: 3 }), (bursts) => {
        const texts = bursts.flat();
        expect(inflate(compress(texts))).toEqual(texts);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('streams that rest at any time go on with their own texts, whoever has the inflaters meanwhile', () => {
    const aStream = fc
      .tuple(
        fc.array(aText(1, 400), { maxLength: 30 }),
        fc.array(aText(1, 9_000), { maxLength: 12 }),
        fc.array(aText(1, 100), { maxLength: 60 }),
      )
      .map(([first, more, last]) => [first, more, last].flat());
    fc.assert(
      fc.property(
        fc.array(aStream, { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.nat({ max: 99 })),
        (texts, chances) => {
          const streams = texts.map((sent) => ({
            sent,
            frames: compress(sent),
            heard: [] as unknown[],
            stream: open(),
          }));
          const left = () => streams.filter(({ heard, sent }) => heard.length < sent.length);
          while (left().length > 0) {
            const chance = chances.next().value as number;
            const { stream, heard, frames } = left()[chance % left().length]!;
            heard.push(stream.push(frames[heard.length]!));
            if (chance < 15) stream.rest();
          }
          for (const { sent, heard, stream } of streams) {
            stream.close();
            expect(heard).toEqual(sent);
          }
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test.each(['a', 'é', '漢', '😀'])('refers back to text of nothing but %s that was cut in two', (letter) => {
    for (const shift of ['', '.', '..', '...']) {
      const texts = [shift + letter.repeat(WINDOW), ...Array.from({ length: AFTER_LARGE }, (_, n) => `${n}`)];
      const stream = open();
      const frames = compress([...texts, letter.repeat(WINDOW), letter]);
      expect(inflate(frames.slice(0, -2), stream)).toEqual(texts);
      stream.rest();
      expect(inflate(frames.slice(-2), stream)).toEqual([letter.repeat(WINDOW), letter]);
    }
  });

  test('refers back 32 KiB after a rest, as far as deflate can', () => {
    const text = noise(WINDOW + 100);
    const stream = open();
    expect(inflate(compress([text]), stream)).toEqual([text]);
    stream.rest();
    expect(stream.push(saidAgain(WINDOW))).toBe(text.slice(-WINDOW));
  });

  test('goes on after a rest where bytes were no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.alloc(WINDOW * 2, 0xfe), Buffer.from(noise(6_000))]);
    const stream = open();
    const frames = compress([bytes, ...Array.from({ length: AFTER_LARGE }, (_, n) => `${n}`), bytes]);
    inflate(frames.slice(0, -1), stream);
    stream.rest();
    expect(stream.push(frames.at(-1)!)).toBe('\uFFFD'.repeat(WINDOW * 2) + noise(6_000));
  });

  test('after a stream with corrupt data another is read as ever', () => {
    for (const length of [100, 8_000]) {
      const bad = open();
      const [first, second] = compress([noise(length), noise(200, 2)]) as [Buffer, Buffer];
      bad.push(first);
      second.fill(0xee, 0, 12);
      expect(() => bad.push(second)).toThrow();
      bad.close();
      expect(inflate(compress(['one', 'two']))).toEqual(['one', 'two']);
    }
  });

  test('after a message that ends within a block another stream is read as ever', () => {
    const message = storedBlock(100, `a beginning that ends like a message${SUFFIX}`);
    const stream = open();
    expect(stream.push(Buffer.concat([HEADER, message]))).toBe('a beginning that ends like a message\0\0��');
    expect(inflate(compress(['one', 'two']))).toEqual(['one', 'two']);
  });

  test('goes on within such a block while little has come', () => {
    const stream = open();
    stream.push(Buffer.concat([HEADER, storedBlock(20, `begun and${SUFFIX}`)]));
    expect(stream.push(Buffer.from(`go on.${SUFFIX}`, 'latin1').subarray(0, 11))).toContain('go on.');
  });

  test('a stream that ends a message within a block gets no text but its own, and others none of its', () => {
    const secret = noise(WINDOW * 2, 7);
    const [bad, other] = [open(), open()];
    const send = compressor();
    for (const text of [noise(9_000), 'small']) bad.push(send(text));
    inflate(compress([secret, 'small']), other);
    other.rest();
    const heard: unknown[] = [];
    const more = Array.from({ length: 3 }, () => Buffer.from(`on${SUFFIX}`, 'latin1'));
    for (const message of [storedBlock(60_000, `begun${SUFFIX}`), ...more]) {
      try {
        heard.push(bad.push(message));
      } catch {
        break;
      }
      bad.rest();
    }
    expect(heard[0]).toMatch(/^begun/);
    for (const text of heard) expect((text as string).length).toBeLessThan(1_000);
    bad.close();
    expect(inflate(compress([secret, 'small', secret]))).toEqual([secret, 'small', secret]);
  });

  test('what refers to before its beginning gets nothing of another stream', () => {
    const secret = noise(WINDOW * 2);
    const other = open();
    expect(inflate(compress([secret]), other)).toEqual([secret]);
    other.rest();
    other.close();
    const text = open().push(Buffer.concat([HEADER, saidAgain(WINDOW)]));
    expect(text).toBe('\0'.repeat(WINDOW));
  });

  test.each([
    ['gzip', Buffer.from([0x1f, 0x8b])],
    ['a preset dictionary', Buffer.from([0x78, 0xbb])],
    ['a check that is off by one', Buffer.from([0x78, 0x9d])],
  ])('refuses a stream that begins with %s', (_, header) => {
    const [message] = compress(['text']) as [Buffer];
    const stream = open();
    expect(() => stream.push(Buffer.concat([header, message.subarray(2)]))).toThrow('incorrect header check');
  });

  /** The one that reads for all streams that bring little. */
  const READER = 1;

  /** Streams with inflaters of their own, which are counted. */
  const rig = () => {
    const count = { open: 0 };
    const counted = (inflater: RawInflate) => {
      count.open += 1;
      vi.spyOn(inflater, 'close').mockImplementation(() => void (count.open -= 1));
      return inflater;
    };
    const inflaters =
      implementation === 'minizlib'
        ? new Inflaters(() => counted(new MinizlibInflate()))
        : new Inflaters(
            () => counted(new ZlibSyncInflate()),
            () => counted(new ZlibSyncBytesInflate()),
          );
    const openStream = () => {
      const stream = new ZlibContext(inflaters);
      const send = compressor();
      return {
        stream,
        brings(...texts: string[]) {
          expect(texts.map((text) => stream.push(send(text)))).toEqual(texts);
        },
      };
    };
    return { count, openStream };
  };

  test('streams that have brought little share one inflater', () => {
    const { count, openStream } = rig();
    for (const { brings } of Array.from({ length: 100 }, openStream)) brings('{"op":10}', '{"t":"READY"}', '{"op":11}');
    expect(count.open).toBe(1);
  });

  test('a stream that rests for an hour of acknowledgements needs none of its own', () => {
    const { count, openStream } = rig();
    const [quiet, other] = [openStream(), openStream()];
    quiet.brings(noise(9_000), 'more');
    quiet.stream.rest();
    quiet.brings(...Array.from({ length: 87 }, () => '{"t":null,"s":null,"op":11,"d":null}'));
    other.brings(noise(9_000), 'more');
    expect(count.open).toBe(1 + READER);
  });

  test('streams that bring much have one each until they rest or close, and sixteen are kept for others', () => {
    const { count, openStream } = rig();
    const streams = Array.from({ length: 100 }, openStream);
    for (const { brings } of streams) brings(noise(9_000), 'more');
    expect(count.open).toBe(100 + READER);
    for (const { stream } of streams.slice(0, 50)) stream.rest();
    expect(count.open).toBe(50 + 16 + READER);
    for (const { stream } of streams) stream.close();
    expect(count.open).toBe(16 + READER);
    for (const { brings } of Array.from({ length: 16 }, openStream)) brings(noise(9_000), 'more');
    expect(count.open).toBe(16 + READER);
  });

  test('who begins to bring much is handed the inflater of the one that has been quiet the longest', () => {
    const { count, openStream } = rig();
    const streams = Array.from({ length: 8 }, openStream);
    for (const [index, { brings }] of streams.entries()) {
      brings(noise(9_000, index));
      for (let n = 0; n < 2_010; n += 1) brings('small');
    }
    expect(count.open).toBe(2 + READER);
    for (const [index, { brings }] of streams.entries()) brings(`${noise(9_000, index)} again`);
  });

  test('a stream that brings a thirtieth of what others bring keeps its own', () => {
    const { count, openStream } = rig();
    const streams = Array.from({ length: 60 }, openStream);
    for (const { brings } of streams) brings(noise(9_000), 'small');
    const [rare, ...others] = streams;
    for (let round = 0; round < 60; round += 1) {
      if (round % 30 === 0) rare!.brings('rare');
      for (const { brings } of others) brings('small');
    }
    openStream().brings(noise(9_000), 'small');
    expect(count.open).toBe(61 + READER);
  });

  test('a stream whose window is not known keeps its own, and others are asked', () => {
    const { count, openStream } = rig();
    const streams = Array.from({ length: 10 }, openStream);
    for (const [index, { brings }] of streams.entries()) {
      brings(noise(9_000, index), index < 2 ? '\uFFFD' : 'fine');
      for (let n = 0; n < 2_010; n += 1) brings('small');
    }
    // minizlib tells bytes, which are known whatever they are.
    expect(count.open).toBe((implementation === 'minizlib' ? 2 : 2 + 2) + READER);
    for (const [index, { brings }] of streams.entries()) brings(`${noise(9_000, index)} again`);
  });
});

const GIB = 1024 ** 3;
const hasMemory = freemem() > 4 * GIB;
if (!hasMemory)
  console.warn('a message that inflates to more than a string can hold is SKIPPED: it needs 4 GiB of memory');

test.skipIf(zlibSync === null || !hasMemory)(
  'a message that inflates to more than a string can hold throws',
  () => {
    const program = `
    import { createInflater } from './dist/src/actors/inflate.js';
    import { deflated } from './dist/src/actors/deflateBlocks.js';
    const part = Buffer.alloc(16 * 1024 * 1024, 'a');
    const message = [Buffer.from([0x78, 0x9c]), ...Array(33).fill(deflated(part))];
    const stream = createInflater('zlib-stream', 'zlib-sync');
    try {
      stream.push(Buffer.concat(message));
    } catch ({ code }) {
      console.log(code);
    }
  `;
    expect(runProgram(program)).toEqual({ stdout: 'ERR_STRING_TOO_LONG\n', stderr: '', status: 0 });
  },
  20_000,
);

test.skipIf(zlibSync === null)('zlib-stream with zlib-sync keeps no buffer of the size of a large message', () => {
  const program = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { Deflate } from 'minizlib';
    import { createInflater } from './dist/src/actors/inflate.js';
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const rssKiB = () => (collect(), collect(), process.memoryUsage.rss() / 1024);
    const deflate = new Deflate({ flush: 2 });
    const large = Array.from({ length: 100_000 }, (_, n) => (n * 2_654_435_761 % 2 ** 32).toString(36)).join(' ');
    const frames = [large, ...Array.from({ length: ${AFTER_LARGE} }, (_, n) => 'small ' + n)].map((text) => (deflate.write(text), deflate.read()));
    const before = rssKiB();
    const streams = Array.from({ length: 100 }, () => {
      const stream = createInflater('zlib-stream', 'zlib-sync');
      for (const frame of frames) stream.push(frame);
      return stream;
    });
    console.log(JSON.stringify({ large: large.length / 1024, each: (rssKiB() - before) / streams.length }));
  `;
  const { stdout, stderr, status } = runProgram(program);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const { large, each } = JSON.parse(stdout) as { large: number; each: number };
  expect(large).toBeGreaterThan(600);
  expect(each).toBeLessThan(large / 3);
});
