import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventNames } from '../../src/protocol/eventNames.js';

const read = (names: EventNames, text: string, from = 0) => names.read(Buffer.from(text), from);

describe('the name of an event', () => {
  test('is what stands before the quote, the first time and each time after', () => {
    const names = new EventNames();
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z_0-9]{0,64}$/), fc.string(), fc.string(), (name, before, after) => {
        const from = Buffer.byteLength(before);
        for (const _ of [1, 2]) expect(read(names, `${before}${name}"${after}`, from)).toBe(name);
      }),
    );
  });

  test('is not another of the same hash', () => {
    const names = new EventNames();
    for (const name of ['AP', 'B1', 'AP', 'B1']) expect(read(names, `${name}"`)).toBe(name);
    for (const name of ['GUILD_B1', 'GUILD_AP', 'GUILD_B1']) expect(read(names, `${name}"`)).toBe(name);
  });

  test('is read when there have been more names than are kept', () => {
    const names = new EventNames();
    for (const _ of [1, 2]) {
      for (let n = 0; n < 2_000; n += 1) expect(read(names, `EVENT_${n}"`)).toBe(`EVENT_${n}`);
    }
  });

  test.each(['', 'A', 'a"', 'A-B"', 'Ä"', 'A\\u0042"', '\0"', `${'A'.repeat(65)}"`, `${'A'.repeat(100_000)}"`])(
    'is none in %j',
    (text) => expect(read(new EventNames(), text)).toBeNull(),
  );
});
