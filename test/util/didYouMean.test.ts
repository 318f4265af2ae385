import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/util/didYouMean.js';

const known = ['token', 'intents', 'total', 'MESSAGE_CREATE', 'MESSAGE_DELETE'];

test.each([
  ['intent', 'intents'],
  ['tokne', 'token'],
  ['messageCreate', 'MESSAGE_CREATE'],
  ['MESSAGE_CREATED', 'MESSAGE_CREATE'],
  ['shardCount', null],
  ['', null],
  ['m'.repeat(10_000), null],
])('the name nearest to %j is %j', (name, near) => {
  expect(nearest(name, known)).toBe(near);
});

test('a hint is empty where no name is near', () => {
  expect(didYouMean('intent', known)).toBe(' Did you mean "intents"?');
  expect(didYouMean('zlib', known)).toBe('');
});
