import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameHead } from '../../src/protocol/frameHead.js';

const head = new FrameHead();
const read = (text: string) => (head.read(Buffer.from(text)) ? { t: head.t, s: head.s, op: head.op } : null);

function parsed(text: string): unknown {
  try {
    const { t, s, op } = JSON.parse(text) as Record<string, unknown>;
    return { t, s, op };
  } catch {
    return undefined;
  }
}

const name = fc.option(fc.stringMatching(/^[A-Z_]{1,40}$/));
const sequence = fc.option(fc.nat(Number.MAX_SAFE_INTEGER));
const op = fc.nat(999);

describe('the head of a frame', () => {
  test("written in Discord's order is what JSON.parse says", () => {
    fc.assert(
      fc.property(name, fc.option(fc.nat(999_999_999_999_999)), op, fc.jsonValue(), (t, s, code, d) => {
        expect(read(JSON.stringify({ t, s, op: code, d }))).toEqual({ t, s, op: code });
      }),
    );
  });

  test('with any name, sequence and op at all it is what JSON.parse says, or it is left to JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.option(
          fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('a"b', 'a\\', '\n', '\\"', '\u0000')),
        ),
        fc.oneof(sequence, fc.double(), fc.integer(), fc.jsonValue()),
        fc.oneof(op, fc.double(), fc.integer(), fc.jsonValue()),
        (t, s, code) => {
          const text = JSON.stringify({ t, s, op: code, d: null });
          const found = read(text);
          if (found !== null) expect(found).toEqual(parsed(text));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('of a text cut short or disturbed anywhere never throws, and never says another thing than JSON.parse', () => {
    const text = JSON.stringify({ t: 'MESSAGE_CREATE', s: 42, op: 0, d: { content: 'hello' } });
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(3), fc.string({ maxLength: 3 }), (at, cut, inserted) => {
        const disturbed = text.slice(0, at) + inserted + text.slice(at + cut);
        // Of a name that stands twice JSON.parse takes the last, which nothing prescribes (RFC 8259, section 4).
        fc.pre(!/"(t|s|op)":.*"\1":/s.test(disturbed));
        const found = read(disturbed);
        const truth = parsed(disturbed);
        if (found !== null && truth !== undefined) expect(found).toEqual(truth);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '',
    '{',
    '{"t":',
    '{"t":"',
    '{"t":"A","s":',
    '{"t":"A","s":1,"op":',
    '{"t":"A","s":1,"op":1.5}',
    '{"t":"A","s":1,"op":1e3}',
    '{"t":"A","s":-1,"op":0}',
    '{"t":"A","s":1.5,"op":0}',
    '{"t":"A","s":12345678901234567890,"op":0}',
    '{"t":1,"s":1,"op":0}',
    '{"op":0,"t":"A","s":1}',
    ' {"t":"A","s":1,"op":0}',
    '{"t": "A","s":1,"op":0}',
    'null',
    '[]',
  ])('%s is left to JSON.parse', (text) => expect(read(text)).toBeNull());

  test('a name with an escape in it is left to JSON.parse, wherever the escape stands', () => {
    for (const t of ['A\\u0042', 'A\\nB', 'A\\"B', 'A\\\\'])
      expect(read(`{"t":"${t}","s":1,"op":0,"d":null}`)).toBeNull();
  });

  test('what it read before does not shine through', () => {
    read('{"t":"A","s":1,"op":0,"d":null}');
    expect(read('{"t":null,"s":null,"op":11,"d":null}')).toEqual({ t: null, s: null, op: 11 });
  });
});
