import { constants, deflateRawSync, inflateSync } from 'node:zlib';
import * as fc from 'fast-check';

const WINDOW_BYTES = 32 * 1024;
const SUFFIX = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** Bytes of chance, words in an order of chance, and one unit again and again: many references and few, near and far. */
const aText = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat({ max: 19 }), { maxLength: 200 }),
      )
      .map(([words, order]) => Buffer.concat(order.map((n) => Buffer.from(words[n % words.length])))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat({ max: 150_000 }))
      .map(([unit, length]) => Buffer.alloc(length, unit)),
  },
);

/** Level 0 gives stored blocks, Z_FIXED fixed codes, the rest mostly dynamic ones; a small memory gives small blocks. */
const someOptions = fc.record({
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
  finishFlush: fc.constantFrom(constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH),
});

/** A message: some parts, each compressed with options of its own after the text before it. */
const aMessage = fc.array(fc.tuple(aText, someOptions), { minLength: 1, maxLength: 3 });

/** Messages of a stream that is as it should be; the first one has the header. */
export function compressed(messages) {
  let window = Buffer.alloc(0);
  return messages.map((parts, index) => {
    const blocks = parts.map(([text, options]) => {
      const bytes = deflateRawSync(text, window.length > 0 ? { ...options, dictionary: window } : options);
      window = Buffer.concat([window, text]).subarray(-WINDOW_BYTES);
      return bytes;
    });
    return Buffer.concat(index === 0 ? [Buffer.from([0x78, 0x9c]), ...blocks] : blocks);
  });
}

export const textOf = (messages) => Buffer.concat(messages.flat().map(([text]) => text));

/** A place anywhere alike: of `fc.double` nearly all are next to 0. */
export const aShare = fc.nat({ max: 9_999 }).map((n) => n / 10_000);

/** Changes of a message: a bit, a byte, a piece left out or said twice. */
export const someChanges = fc.array(
  fc.tuple(fc.constantFrom('bit', 'byte', 'leave out', 'say twice'), aShare, fc.nat({ max: 255 })),
  { maxLength: 3 },
);

export function changed(message, changes) {
  let bytes = Buffer.from(message);
  for (const [kind, share, value] of changes) {
    const at = Math.floor(share * bytes.length);
    if (kind === 'bit') bytes[at] ^= 1 << (value & 7);
    else if (kind === 'byte') bytes[at] = value;
    else if (kind === 'leave out')
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value & 15))]);
    else bytes = Buffer.concat([bytes.subarray(0, at + 1 + (value & 15)), bytes.subarray(at)]);
  }
  return bytes;
}

/** Frames of a message that is cut at these shares of its length, and never behind a suffix within it. */
export function cut(message, shares) {
  const places = shares.map((share) => Math.floor(share * message.length));
  const good = places.filter((at) => !message.subarray(Math.max(0, at - 4), at).equals(SUFFIX));
  const from = [0, ...new Set(good.toSorted((a, b) => a - b).filter((at) => at > 0))];
  return from.map((at, index) => message.subarray(at, from[index + 1]));
}

/** A stream: its messages, where frames end, after which frames it rests, and what is changed in the last message. */
export const aStream = fc.record({
  messages: fc.array(aMessage, { minLength: 1, maxLength: 6 }),
  cuts: fc.array(fc.array(aShare, { maxLength: 5 }), { minLength: 1, maxLength: 6 }),
  rests: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
  changes: fc.oneof(fc.constant([]), someChanges),
});

/** All text of a stream by Node's zlib, whose last message may end in the middle; null where it is corrupt. */
export function byNode(bytes) {
  try {
    return inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

const MARK = Buffer.from('this is where the blocks ended');
const MARKS = [constants.Z_FIXED, 0].map((strategy) =>
  deflateRawSync(MARK, strategy === 0 ? { level: 0, finishFlush: 2 } : { strategy, finishFlush: 2 }),
);

/**
 * The same, null too where the stream does not end between two blocks: blocks of both alignments that follow are read as what
 * they are only then.
 */
export function wholeByNode(bytes) {
  const [text, same] = MARKS.map((mark) => {
    const all = byNode(Buffer.concat([bytes, mark]));
    return all?.subarray(-MARK.length).equals(MARK) ? all.subarray(0, -MARK.length) : null;
  });
  return text && same?.equals(text) ? text : null;
}
