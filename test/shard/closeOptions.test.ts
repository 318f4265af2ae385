import { describe, expect, test } from 'vitest';
import { checkClose } from '../../src/shard/closeOptions.js';

describe('a close a user asks for', () => {
  test.each([1000, 1001, 3000, 4000, 4900, 4999])('%d may be sent', (code) => {
    expect(() => checkClose(code, 'bye')).not.toThrow();
  });

  test.each([0, 999, 1002, 1005, 1006, 2999, 5000, 1000.5, '1000', null, undefined, Number.NaN])(
    '%s may not: refused before the socket throws',
    (code) => {
      expect(() => checkClose(code, '')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', value: code }));
    },
  );

  test('the reason has at most 123 bytes of UTF-8', () => {
    expect(() => checkClose(1000, `${'ü'.repeat(61)}x`)).not.toThrow();
    expect(() => checkClose(1000, 'ü'.repeat(62))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  test.each([null, undefined, 5, {}])('%s is no reason', (reason) => {
    expect(() => checkClose(1000, reason)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
