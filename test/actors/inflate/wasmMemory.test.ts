import { randomBytes } from 'node:crypto';
import { constants, inflateRawSync, type ZlibOptions } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InflateMemory, NO_ROOM, WINDOW_BYTES } from '../../../src/actors/inflate/wasmMemory.js';
import { type Bits, deflated, dynamicBlock, fixedBlock, stored } from './blocks.js';

const memory = new InflateMemory();
const ROOM = 512 * 1024;
const START = memory.heap + ROOM;
const LIMIT = START + ROOM;
memory.reserve(LIMIT + memory.overrun);

const at = (place: number, bytes: Buffer) => memory.bytes.set(bytes, place);

/** What these blocks say after that text; null where they are invalid. */
function inflate(blocks: Buffer, before = Buffer.alloc(0)): Buffer | null {
  at(memory.heap, blocks);
  at(START, before);
  const out = START + before.length;
  let end: number;
  try {
    end = memory.inflate(memory.heap, memory.heap + blocks.length, START, out, LIMIT);
  } catch (error) {
    expect((error as Error).message).toBe('invalid deflate data');
    return null;
  }
  // A change may make a long text of a few bytes.
  fc.pre(end !== NO_ROOM);
  return Buffer.from(memory.bytes.subarray(out, end));
}

/**
 * Node's account of the same. zlib takes blocks that are not whole for a beginning, so others follow to tell: one that would
 * be read at any bit, and one that would be read within a block, each as it is only where these are whole.
 */
function byNode(blocks: Buffer): Buffer | null {
  const [text, same] = MARKED.map((marked) => {
    try {
      const all = inflateRawSync(Buffer.concat([blocks, marked]), { finishFlush: constants.Z_SYNC_FLUSH });
      return all.subarray(-MARK.length).equals(MARK) ? all.subarray(0, -MARK.length) : null;
    } catch {
      return null;
    }
  });
  return text && same?.equals(text) ? text : null;
}
const MARK = Buffer.from('this is where the blocks ended');
const MARKED = [deflated(MARK, { strategy: constants.Z_FIXED }), stored(MARK)];

/** Words in an order of chance, or bytes: many references and few, of all lengths and distances. */
const aText = fc.oneof(
  fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat({ max: 29 }), { maxLength: 300 }),
    )
    .map(([words, order]) => Buffer.concat(order.map((n) => words[n % words.length]!))),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat({ max: 20_000 }))
    .map(([unit, length]) => Buffer.alloc(length, unit)),
);

const someOptions: fc.Arbitrary<ZlibOptions> = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

/** A place anywhere alike: of `fc.double` nearly all are next to 0. */
const aShare = fc.nat({ max: 9_999 }).map((n) => n / 10_000);

/** A literal and the end of the block have codes of one bit. */
const literals = (count = 257) =>
  Array.from({ length: count }, (_, symbol) => (symbol === 97 || symbol === 256 ? 1 : 0));
const threeAs = { literals: [...literals().slice(0, -1), 2, 2], distances: [1] };

const a = (block: Bits) => block.code(0b0011_0000 + 97, 8);

describe('inflating in WebAssembly', () => {
  test('says what was deflated, at any level, with any strategy and window', () => {
    fc.assert(
      fc.property(aText, someOptions, (text, options) => {
        expect(inflate(deflated(text, options))?.equals(text)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('refers to the text before, as far back as deflate can', () => {
    fc.assert(
      fc.property(aText, fc.nat({ max: WINDOW_BYTES }), (text, length) => {
        const before = Buffer.concat([text, randomBytes(length)]).subarray(0, WINDOW_BYTES);
        if (before.length === 0) return;
        const blocks = deflated(text, { dictionary: before });
        expect(inflate(blocks, before)?.equals(text)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('accepts what zlib accepts and refuses what zlib refuses, whatever is changed in a stream', () => {
    let refused = 0;
    let accepted = 0;
    const aChange = fc.tuple(aShare, fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        aText,
        someOptions,
        fc.array(aChange, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (text, options, changes, isNearBeginning) => {
          const blocks = deflated(text, options);
          // What is said of the codes stands at the beginning.
          const reach = isNearBeginning ? Math.min(blocks.length, 80) : blocks.length;
          for (const [share, byte] of changes) blocks[Math.floor(share * reach)] = byte;
          const expected = byNode(blocks);
          const heard = inflate(blocks);
          expect(heard === null).toBe(expected === null);
          if (expected === null) refused += 1;
          else {
            accepted += 1;
            expect(heard!.equals(expected)).toBe(true);
          }
        },
      ),
      { numRuns: 4_000 },
    );
    expect(refused).toBeGreaterThan(500);
    expect(accepted).toBeGreaterThan(200);
  });

  test('agrees with zlib about any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 2 }), (bytes, type) => {
        const blocks = Buffer.from(bytes);
        if (blocks.length > 0) blocks[0] = (blocks[0]! & 0b1111_1000) | (type << 1);
        const expected = byNode(blocks);
        const heard = inflate(blocks);
        expect(heard === null).toBe(expected === null);
        if (expected !== null) expect(heard!.equals(expected)).toBe(true);
      }),
      { numRuns: 4_000 },
    );
  });

  test('a block with codes of its own is read', () => {
    const block = dynamicBlock({
      ...threeAs,
      write: (_, literal, distance) => {
        literal(97);
        literal(257);
        distance(0);
        literal(256);
      },
    });
    expect(inflate(block)?.toString()).toBe('aaaa');
  });

  test.each([
    ['287 codes of literals', dynamicBlock({ literals: literals(287), distances: [1] })],
    ['31 codes of distances', dynamicBlock({ literals: literals(), distances: Array(31).fill(0) })],
    ['no end', dynamicBlock({ literals: [...literals().slice(0, -1), 0], distances: [1] })],
    ['a length that repeats none', dynamicBlock({ literals: [16, ...literals().slice(3)], distances: [1] })],
    ['more codes than there are', dynamicBlock({ literals: [1, 1, ...literals().slice(2)], distances: [1] })],
    ['fewer codes than there are', dynamicBlock({ literals: [...literals().slice(0, -1), 2], distances: [1] })],
    ['more codes of distances', dynamicBlock({ literals: literals(), distances: [1, 1, 1] })],
    ['fewer codes of distances', dynamicBlock({ literals: literals(), distances: [2, 2, 2] })],
    ['one distance of two bits', dynamicBlock({ literals: literals(), distances: [2] })],
    [
      'one code of lengths',
      dynamicBlock({ literals: literals(), distances: [0], lengthsOfLengths: [1, ...Array(18).fill(0)] as number[] }),
    ],
    [
      'no code of lengths',
      dynamicBlock({ literals: literals(), distances: [0], lengthsOfLengths: Array(19).fill(0) as number[] }),
    ],
    [
      'a distance that has no code, where another has',
      dynamicBlock({
        ...threeAs,
        write: (block, literal) => {
          literal(97);
          literal(257);
          block.code(1, 1);
          literal(256);
        },
      }),
    ],
    [
      'a distance where none has a code',
      dynamicBlock({
        ...threeAs,
        distances: [0],
        write: (block, literal) => {
          literal(97);
          literal(257);
          block.code(0, 1);
          literal(256);
        },
      }),
    ],
    ...[0b11000110, 0b11000111].map(
      (code) =>
        [
          'a length that is none',
          fixedBlock((block) => {
            a(block);
            block.code(code, 8);
          }),
        ] as const,
    ),
    ...[30, 31].map(
      (code) =>
        [
          'a distance that is none',
          fixedBlock((block) => {
            for (let times = 0; times < 400; times += 1) a(block);
            block.code(0b0000001, 7);
            block.code(code, 5);
            block.code(0, 12);
            block.code(0, 7);
          }),
        ] as const,
    ),
    ['more bytes as they are than come', stored(Buffer.alloc(100)).subarray(0, 90)],
    ['a length that is not said twice', Buffer.concat([Buffer.from([0, 3, 0, 0xfc, 0xfe]), Buffer.from('abc')])],
    ['a type that is none', Buffer.from([0b110])],
    ['the last block', Buffer.from([0b011, 0])],
  ] as const)('%s is refused', (_, blocks) => {
    expect(byNode(blocks)).toBeNull();
    expect(inflate(blocks)).toBeNull();
  });

  test('a message cut short anywhere is refused', () => {
    const text = Buffer.from(JSON.stringify(Array.from({ length: 60 }, (_, n) => ({ id: n * 7_919, name: `n${n}` }))));
    const blocks = deflated(text);
    for (let length = 1; length < blocks.length; length += 1) {
      expect(inflate(blocks.subarray(0, length))).toEqual(byNode(blocks.subarray(0, length)));
    }
  });

  test('writes nothing beyond the limit and its overrun, and nothing before the text', () => {
    fc.assert(
      fc.property(aText, someOptions, fc.nat({ max: 5_000 }), (text, options, room) => {
        const blocks = deflated(text, options);
        at(memory.heap, blocks);
        const limit = START + room;
        memory.bytes.fill(0xaa, START - memory.overrun, START);
        memory.bytes.fill(0xaa, limit + memory.overrun, LIMIT);
        const end = memory.inflate(memory.heap, memory.heap + blocks.length, START, START, limit);
        if (end === NO_ROOM) expect(text.length).toBeGreaterThan(room - 4);
        else expect(memory.bytes.subarray(START, end).equals(text)).toBe(true);
        const around = [
          memory.bytes.subarray(START - memory.overrun, START),
          memory.bytes.subarray(limit + memory.overrun, LIMIT),
        ];
        for (const bytes of around) expect(bytes.equals(Buffer.alloc(bytes.length, 0xaa))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
