import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { wsFrame } from './gateway.mjs';
import { aShare, changed, cut, someChanges, wholeByNode } from './streams.mjs';

const TEXT = 0x81;
const BINARY = 0x82;

/** Texts of frames that are no dispatches, or odd ones. */
const ODD_TEXTS = [
  '',
  'null',
  '11',
  '[]',
  '"op"',
  '{',
  '{"d":1}',
  '{"op":"0"}',
  '{"op":1.5}',
  '{"op":10}',
  '{"op":10,"d":{"heartbeat_interval":1}}',
  '{"op":10,"d":{"heartbeat_interval":1e15}}',
  '{"op":11}',
  '{"op":1,"d":null}',
  '{"op":12,"d":{}}',
  '{"op":0,"t":null,"s":7,"d":{}}',
  '{"op":0,"t":"NUMBERED","s":null,"d":{}}',
  '{"op":0,"t":"NUMBERED","s":"7","d":{}}',
  '{"op":0,"t":"NUMBERED","s":9.5,"d":{}}',
  '{"t":"READY","s":900,"op":0,"d":{"session_id":"other","resume_gateway_url":"ws://127.0.0.1:1"}}',
  '{"t":"RESUMED","s":900,"op":0,"d":{}}',
  '{"t":"NUMBERED","s":900,"op":0,"d":{broken}',
];

/** Bytes that break the protocol of WebSocket. RFC 6455, section 5. */
const ILLEGAL = [
  Buffer.from([0xc1, 0x02, 0x7b, 0x7d]), // a reserved bit
  Buffer.from([0x83, 0x00]), // a reserved opcode
  Buffer.from([0x81, 0x82, 1, 2, 3, 4, 5, 6]), // masked
  Buffer.from([0x09, 0x00]), // a control frame in fragments
  Buffer.concat([Buffer.from([0x89, 126, 0, 126]), Buffer.alloc(126)]), // a control frame that is too long
  Buffer.from([0x80, 0x00]), // the end of no message
  Buffer.from([0x01, 0x01, 0x7b, 0x81, 0x01, 0x7d]), // a message within a message
  Buffer.from([0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]), // longer than any
];

/** Frames that end a connection, and not by breaking a rule. */
const ENDINGS = [
  { kind: 'ending', text: '{"t":null,"s":null,"op":7,"d":null}' },
  { kind: 'ending', text: '{"t":null,"s":null,"op":9,"d":true}' },
  { kind: 'ending', text: '{"t":null,"s":null,"op":9,"d":false}' },
  { kind: 'ending', bytes: Buffer.from([0x88, 0x02, 0x0f, 0xa0]) }, // 4000
  { kind: 'ending', bytes: Buffer.from([0x88, 0x00]) },
  { kind: 'half', bytes: Buffer.from([0x81, 0x20, 0x7b, 0x22]) }, // half a frame
  { kind: 'half', bytes: Buffer.from([0x81, 126, 0x01]) }, // half a header
];

const someShares = fc.array(aShare, { maxLength: 3 });
const aDispatch = {
  filler: fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'grapheme', maxLength: 150 }) },
    { weight: 1, arbitrary: fc.nat({ max: 70_000 }).map((length) => 'x'.repeat(length)) },
  ),
  form: fc.nat({ max: 2 }),
  cuts: someShares,
};

const anItem = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('dispatch'), ...aDispatch }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('dispatch'), ...aDispatch, changes: someChanges }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('text'), text: fc.constantFrom(...ODD_TEXTS) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('control'),
      first: fc.constantFrom(0x89, 0x8a),
      payload: fc.uint8Array({ maxLength: 125 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fragments'), cuts: someShares, hasPings: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('corrupt'), changes: someChanges, cuts: someShares }) },
  { weight: 1, arbitrary: fc.constantFrom(...ILLEGAL).map((bytes) => ({ kind: 'illegal', bytes })) },
  { weight: 1, arbitrary: fc.constantFrom(...ENDINGS) },
);

/** Frames after READY, and where their bytes are cut into chunks. */
export const aStory = fc.record({
  compression: fc.constantFrom('none', 'zlib-stream'),
  items: fc.array(anItem, { minLength: 1, maxLength: 25, size: 'max' }),
  chunks: fc.array(aShare, { maxLength: 25, size: 'max' }),
});

/** Turns the messages of one connection into bytes: plain, or compressed after those before. */
class Encoder {
  #isCompressed;
  #window = Buffer.alloc(0);
  /** All that was compressed, as bytes and as text. */
  all = Buffer.alloc(0);
  text = Buffer.alloc(0);

  constructor(compression) {
    this.#isCompressed = compression === 'zlib-stream';
  }

  /** Binary messages where the connection is compressed, which need not end with a frame; else one text. */
  encode(bytes, { cuts = [], form = 0 } = {}) {
    if (!this.#isCompressed) return wsFrame(TEXT, bytes, form);
    const frames = cut(this.compress(bytes), cuts).map((part) => wsFrame(BINARY, part, form));
    return Buffer.concat(frames);
  }

  compress(bytes) {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    const dictionary = this.#window;
    const blocks = deflateRawSync(bytes, dictionary.length > 0 ? { ...options, dictionary } : options);
    const message = this.all.length === 0 ? Buffer.concat([Buffer.from([0x78, 0x9c]), blocks]) : blocks;
    this.#window = Buffer.concat([this.#window, bytes]).subarray(-32 * 1024);
    this.all = Buffer.concat([this.all, message]);
    this.text = Buffer.concat([this.text, bytes]);
    return message;
  }
}

/** The same story as bytes, and what a shard must make of it by JSON.parse and Node's zlib. */
class Script {
  dispatches = [];
  malformed = 0;
  /** False where the shard, ws or the gateway ends the connection before its last frame. */
  isReadToItsEnd = true;
  /** Dispatches that came before anything that may end the connection. */
  certain = null;
  mayEndSession = false;
  isOver = false;

  mayEnd() {
    this.isReadToItsEnd = false;
    this.certain ??= this.dispatches.length;
  }

  /** No frame from here on is read. */
  ends() {
    this.mayEnd();
    this.isOver = true;
  }

  reads(bytes) {
    if (this.isOver) return;
    const frame = parsed(bytes.toString());
    if (typeof frame !== 'object' || frame === null || !Number.isInteger(frame.op)) this.malformed += 1;
    else if (frame.op === 0) this.#readsDispatch(frame);
    else if (frame.op === 7 || frame.op === 9) {
      this.mayEnd();
      if (frame.op === 9 && frame.d !== true) this.mayEndSession = true;
    } else if (frame.op === 10) {
      const interval = frame.d?.heartbeat_interval;
      if (!(typeof interval === 'number' && interval >= 100 && interval <= 600_000)) this.malformed += 1;
    }
  }

  #readsDispatch({ t, s }) {
    const isWhole = typeof t === 'string' && Number.isSafeInteger(s);
    // The shard has READY, and resumes nothing.
    if (!isWhole || t === 'READY' || t === 'RESUMED') this.malformed += 1;
    else this.dispatches.push([t, s]);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const json = (frame) => Buffer.from(JSON.stringify(frame));
const HELLO = json({ t: null, s: null, op: 10, d: { heartbeat_interval: 45_000 } });

/** A text in fragments, and pings between them. */
function inFragments(bytes, shares, hasPings) {
  const places = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].toSorted((a, b) => a - b);
  const from = [0, ...places.filter((at) => at > 0)];
  const frames = from.map((at, index) => {
    const isLast = index === from.length - 1;
    return wsFrame((isLast ? 0x80 : 0) | (index === 0 ? 1 : 0), bytes.subarray(at, from[index + 1]));
  });
  return Buffer.concat(frames.flatMap((frame) => (hasPings ? [frame, wsFrame(0x89, Buffer.from('ping'))] : [frame])));
}

/** Bytes of a message that was changed after it was compressed; it is the last that is read. */
function corrupted(script, encoder, text, { changes, cuts }) {
  const { all, text: before } = encoder;
  const message = changed(encoder.compress(text), changes);
  const isWhole = message.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]));
  const heard = isWhole ? wholeByNode(Buffer.concat([all, message])) : null;
  if (heard !== null) script.reads(heard.subarray(before.length));
  script.ends();
  return Buffer.concat(cut(message, cuts).map((part) => wsFrame(BINARY, part)));
}

export function scriptOf({ compression, items, chunks: shares }, url) {
  const script = new Script();
  const encoder = new Encoder(compression);
  const helloOfFirst = encoder.encode(HELLO);
  const ready = encoder.encode(json({ t: 'READY', s: 1, op: 0, d: { session_id: 'one', resume_gateway_url: url } }));
  let sequence = 1;
  const next = (filler = '') => json({ t: 'NUMBERED', s: (sequence += 1), op: 0, d: { filler } });
  const encode = {
    dispatch({ filler, changes = [], ...how }) {
      const bytes = changed(next(filler), changes);
      script.reads(bytes);
      return encoder.encode(bytes, how);
    },
    text({ text }) {
      script.reads(Buffer.from(text));
      return encoder.encode(Buffer.from(text));
    },
    control: ({ first, payload }) => wsFrame(first, Buffer.from(payload)),
    fragments({ cuts, hasPings }) {
      const bytes = next('in fragments');
      script.reads(bytes);
      // Text may come on a compressed connection too.
      return inFragments(bytes, cuts, hasPings);
    },
    corrupt: (how) =>
      compression === 'none' ? Buffer.alloc(0) : corrupted(script, encoder, next('to be corrupted'), how),
    illegal({ bytes }) {
      script.ends();
      return bytes;
    },
    half({ bytes }) {
      script.ends();
      return bytes;
    },
    ending({ text, bytes }) {
      if (text !== undefined) return encode.text({ text });
      script.ends();
      return bytes;
    },
  };
  // Corrupt data is the last, for a shard may go on where zlib reads it; and half a frame, for the next would be its other half.
  const isLast = ({ kind }) => kind === 'half' || (kind === 'corrupt' && compression !== 'none');
  const lastAt = items.findIndex(isLast);
  const told = lastAt === -1 ? items : items.slice(0, lastAt + 1);
  const bytes = Buffer.concat(told.map((item) => encode[item.kind](item)));
  const places = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].toSorted((a, b) => a - b);
  const from = [0, ...places.filter((at) => at > 0)];
  return Object.assign(script, {
    compression,
    helloOfFirst,
    hello: new Encoder(compression).encode(HELLO),
    ready,
    chunks: from.map((at, index) => bytes.subarray(at, from[index + 1])),
  });
}
