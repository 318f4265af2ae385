import { describe, expect, test } from 'vitest';
import { messageOf, stackOf } from '../../src/util/messageOf.js';

const refuse = () => {
  throw new Error('a trap');
};
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, refuse]));
const withGetter = (name: string) => Object.defineProperty(new Error('x'), name, { get: refuse });
const named = (name: string, value: unknown) => Object.assign(new Error('x'), { [name]: value });

describe('the message of a thrown value', () => {
  test.each([
    ['an error', new Error('no disk'), 'no disk'],
    ['an error without a message, with a code', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['an error without a message', new TypeError(''), 'TypeError'],
    ['an error whose message is no text', named('message', { no: 1 }), 'Error: [object Object]'],
    ['a string', 'plain', 'plain'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    [
      'an object without a prototype',
      Object.assign(Object.create(null), { a: 1 }),
      '[Object: null prototype] { a: 1 }',
    ],
    ['an empty string', '', "''"],
  ])('%s: %o', (_, value, message) => {
    expect(messageOf(value)).toBe(message);
  });

  test.each([
    ['a proxy whose traps throw', new Proxy({}, traps)],
    ['a proxy of an error', new Proxy(new Error('x'), traps)],
    ['an error whose message throws', withGetter('message')],
    ['an error whose stack throws', withGetter('stack')],
    ['an object whose toString throws', { toString: refuse, toJSON: refuse }],
    ['a revoked proxy', revoked()],
  ])('%s: a text all the same', (_, value) => {
    expect(messageOf(value)).not.toBe('');
    expect(stackOf(value)).not.toBe('');
  });

  test('the stack of an error begins with its class and message', () => {
    expect(stackOf(new TypeError('no disk'))).toMatch(/^TypeError: no disk\n\s+at /);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
