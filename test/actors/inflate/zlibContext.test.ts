import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInflater, type Inflater } from '../../../src/actors/inflate/createInflater.js';
import { WINDOW_BYTES } from '../../../src/actors/inflate/wasmMemory.js';
import { InflateReader } from '../../../src/actors/inflate/sharedReader.js';
import { InflateRegions } from '../../../src/actors/inflate/regions.js';
import { ZlibContext } from '../../../src/actors/inflate/zlibContext.js';
import { runProgram } from '../../program.js';
import { deflated, saidAgain, stored } from './blocks.js';
import { compress, compressor } from './compress.js';

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
const SUFFIX = '\x00\x00\xff\xff';

const open = () => createInflater('zlib-stream', 'wasm');
/** As text at once, for the bytes are good until the next message. */
const push = (stream: Inflater, frame: Buffer) => stream.push(frame)?.toString();
const inflate = (frames: readonly Buffer[], stream = open()) => frames.map((frame) => push(stream, frame));

/** Streams with a memory of their own, whose regions can be counted. */
const rig = () => {
  const regions = new InflateRegions();
  const reader = new InflateReader();
  const openStream = () => {
    const stream = new ZlibContext({ regions, reader });
    const send = compressor();
    return {
      stream,
      brings(...texts: string[]) {
        expect(texts.map((text) => push(stream, send(text)))).toEqual(texts);
      },
    };
  };
  return { regions, openStream };
};

describe('a stream of zlib-stream', () => {
  test('goes on with the same texts, wherever large ones came', () => {
    const aBurst = fc
      .tuple(
        fc.array(aText(WINDOW_BYTES - 10, WINDOW_BYTES * 3), { minLength: 1, maxLength: 3 }),
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

  test('streams that rest at any time go on with their own texts, whichever streams use the inflaters in between', () => {
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
            heard.push(push(stream, frames[heard.length]!));
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
      const texts = [shift + letter.repeat(WINDOW_BYTES), ...Array.from({ length: AFTER_LARGE }, (_, n) => `${n}`)];
      const stream = open();
      const frames = compress([...texts, letter.repeat(WINDOW_BYTES), letter]);
      expect(inflate(frames.slice(0, -2), stream)).toEqual(texts);
      stream.rest();
      expect(inflate(frames.slice(-2), stream)).toEqual([letter.repeat(WINDOW_BYTES), letter]);
    }
  });

  test('refers back 32 KiB after a rest, as far as deflate can', () => {
    const text = noise(WINDOW_BYTES + 100);
    const stream = open();
    expect(inflate(compress([text]), stream)).toEqual([text]);
    stream.rest();
    expect(push(stream, saidAgain(WINDOW_BYTES))).toBe(text.slice(-WINDOW_BYTES));
  });

  test('goes on after a rest where bytes were no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.alloc(WINDOW_BYTES * 2, 0xfe), Buffer.from(noise(6_000))]);
    const stream = open();
    const frames = compress([bytes, ...Array.from({ length: AFTER_LARGE }, (_, n) => `${n}`), bytes]);
    inflate(frames.slice(0, -1), stream);
    stream.rest();
    expect(push(stream, frames.at(-1)!)).toBe('\uFFFD'.repeat(WINDOW_BYTES * 2) + noise(6_000));
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

  test('a message that ends within a block is corrupt, and another stream is read as ever', () => {
    for (const length of [1, 9_000]) {
      const bad = open();
      const send = compressor();
      for (const text of [noise(length), 'small']) push(bad, send(text));
      expect(() => bad.push(storedBlock(60_000, `begun${SUFFIX}`))).toThrow('invalid deflate data');
      bad.close();
      expect(inflate(compress([noise(9_000), 'one', 'two']))).toEqual([noise(9_000), 'one', 'two']);
    }
  });

  test.each([1, 9_000])(
    'a reference to before the beginning, after %d characters, gets nothing of another stream',
    (length) => {
      const secret = noise(WINDOW_BYTES * 2);
      const other = open();
      expect(inflate(compress([secret, 'small']), other)).toEqual([secret, 'small']);
      other.close();
      const send = compressor();
      const stream = open();
      for (const text of [noise(length), 'small']) push(stream, send(text));
      expect(() => stream.push(saidAgain(256))).toThrow('invalid deflate data');
    },
  );

  test.each([
    ['gzip', Buffer.from([0x1f, 0x8b])],
    ['a preset dictionary', Buffer.from([0x78, 0xbb])],
    ['a check that is off by one', Buffer.from([0x78, 0x9d])],
  ])('refuses a stream that begins with %s', (_, header) => {
    const [message] = compress(['text']) as [Buffer];
    const stream = open();
    expect(() => stream.push(Buffer.concat([header, message.subarray(2)]))).toThrow('incorrect header check');
  });

  test('needs no region while it has brought little', () => {
    const { regions, openStream } = rig();
    for (const { brings } of Array.from({ length: 100 }, openStream)) brings('{"op":10}', '{"t":"READY"}', '{"op":11}');
    expect(regions.size).toBe(0);
  });

  test('that brings much text in few bytes has one: it would be read again for each message', () => {
    const { regions, openStream } = rig();
    openStream().brings('a'.repeat(100_000), 'more');
    expect(regions.size).toBe(1);
  });

  test('that rests for an hour of acknowledgements needs none', () => {
    const { regions, openStream } = rig();
    const [quiet, other] = [openStream(), openStream()];
    quiet.brings(noise(9_000), 'more');
    quiet.stream.rest();
    quiet.brings(...Array.from({ length: 87 }, () => '{"t":null,"s":null,"op":11,"d":null}'));
    other.brings(noise(9_000), 'more');
    expect(regions.size).toBe(1);
  });

  test('that brings much has one until it rests or closes, and another takes it then', () => {
    const { regions, openStream } = rig();
    const streams = Array.from({ length: 100 }, openStream);
    for (const { brings } of streams) brings(noise(9_000), 'more');
    expect(regions.size).toBe(100);
    for (const { stream } of streams.slice(0, 50)) stream.rest();
    expect(regions.size).toBe(50);
    for (const [index, { brings }] of streams.entries()) brings(noise(9_000, index + 2), `${noise(9_000)} again`);
    expect(regions.size).toBe(100);
    for (const { stream } of streams) stream.close();
    expect(regions.size).toBe(0);
  });
});

test('a region has the last 32 KiB of its stream, whatever comes', () => {
  const regions = new InflateRegions();
  fc.assert(
    fc.property(fc.array(aText(1, 6_000), { minLength: 1, maxLength: 60 }), (texts) => {
      const region = regions.take(Buffer.alloc(0));
      let all = Buffer.alloc(0);
      for (const [index, frame] of compress(texts).entries()) {
        const text = regions.inflate(region, index === 0 ? frame.subarray(2) : frame);
        if (text === null) break;
        all = Buffer.concat([all, text]);
        expect(regions.windowOf(region).equals(all.subarray(-WINDOW_BYTES))).toBe(true);
      }
      regions.release(region);
    }),
    { numRuns: 50 },
  );
});

test('the memory that all share does not stay as large as the largest message, nor as one that is corrupt', () => {
  const nothing = Buffer.alloc(0);
  const reader = new InflateReader();
  const large = deflated(Buffer.alloc(20 * 1024 * 1024, 'a'));
  const readsSmall = () => reader.read(nothing, deflated(Buffer.from('small'))).toString();
  expect(reader.read(nothing, large).length).toBe(20 * 1024 * 1024);
  expect(reader.window.toString()).toBe('a'.repeat(WINDOW_BYTES));
  expect(reader.window.buffer.byteLength).toBeLessThan(1024 * 1024);
  expect(readsSmall()).toBe('small');
  expect(() => reader.read(nothing, Buffer.concat([large, Buffer.from([0b110])]))).toThrow('invalid deflate data');
  expect(readsSmall()).toBe('small');
  expect(reader.window.buffer.byteLength).toBeLessThan(1024 * 1024);
});

test('a message that inflates to more than 256 MiB throws, and the next stream is read as ever', () => {
  const program = `
    import { deflateRawSync } from 'node:zlib';
    import { createInflater } from './dist/src/actors/inflate/createInflater.js';
    const part = deflateRawSync(Buffer.alloc(16 * 1024 * 1024, 'a'), { finishFlush: 2 });
    const header = Buffer.from([0x78, 0x9c]);
    const texts = (parts) => createInflater('zlib-stream').push(Buffer.concat([header, ...Array(parts).fill(part)]));
    try {
      texts(17);
    } catch ({ message }) {
      console.log(message);
    }
    console.log(texts(1).length);
  `;
  expect(runProgram(program)).toEqual({
    stdout: `a message of more than ${256 * 1024 ** 2} bytes\n${16 * 1024 ** 2}\n`,
    stderr: '',
    status: 0,
  });
}, 30_000);

test('zlib-stream keeps no buffer of the size of a large message', () => {
  const program = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { Deflate } from 'minizlib';
    import { createInflater } from './dist/src/actors/inflate/createInflater.js';
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const rssKiB = () => (collect(), collect(), process.memoryUsage.rss() / 1024);
    const deflate = new Deflate({ flush: 2 });
    const large = Array.from({ length: 100_000 }, (_, n) => (n * 2_654_435_761 % 2 ** 32).toString(36)).join(' ');
    const frames = [large, ...Array.from({ length: ${AFTER_LARGE} }, (_, n) => 'small ' + n)].map((text) => (deflate.write(text), deflate.read()));
    const before = rssKiB();
    const streams = Array.from({ length: 100 }, () => {
      const stream = createInflater('zlib-stream');
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
