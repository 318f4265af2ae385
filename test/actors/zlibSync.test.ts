import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInflater } from '../../src/actors/inflate.js';
import { zlibSync, zlibSyncFlaw } from '../../src/actors/zlibSyncAddon.js';
import { runProgram } from '../program.js';
import { compress } from './compress.js';

const isHere = zlibSync !== null;
if (!isHere) console.warn(`${zlibSyncFlaw}: its tests are SKIPPED`);

const inflate = (frames: readonly Buffer[]) => {
  const stream = createInflater('zlib-stream', 'zlib-sync');
  return frames.map((frame) => stream.push(frame));
};

const LARGE = 32 * 1024;
/** Enough small messages for the large ones to be over, and more. */
const SMALL = 40;

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

describe.skipIf(!isHere)('zlib-stream with zlib-sync, after a large message', () => {
  test('goes on with the same texts, wherever large ones came', () => {
    const aBurst = fc
      .tuple(
        fc.array(aText(LARGE - 10, LARGE * 3), { minLength: 1, maxLength: 3 }),
        fc.array(aText(1, 600), { minLength: SMALL - 20, maxLength: SMALL + 20 }),
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

  test.each(['a', 'é', '漢', '😀'])('refers back to text of nothing but %s that was cut in two', (letter) => {
    for (const shift of ['', '.', '..', '...']) {
      const texts = [
        shift + letter.repeat(LARGE),
        ...Array.from({ length: SMALL }, (_, n) => `${n}`),
        letter.repeat(LARGE),
      ];
      expect(inflate(compress(texts))).toEqual(texts);
    }
  });

  test('keeps the old inflater where bytes were no UTF-8, for then they are not known', () => {
    const bytes = Buffer.alloc(LARGE * 2, 0xfe);
    const frames = compress([bytes, ...Array.from({ length: SMALL }, (_, n) => `${n}`), bytes]);
    expect(inflate(frames).at(-1)).toBe('\uFFFD'.repeat(bytes.length));
  });

  test('keeps no buffer of its size', () => {
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
      const frames = [large, ...Array.from({ length: ${SMALL} }, (_, n) => 'small ' + n)].map((text) => (deflate.write(text), deflate.read()));
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
});
