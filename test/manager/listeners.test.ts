import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dispatchNames, shardEventNames } from '../../src/shard/eventNames.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const lifecycle = shardEventNames.filter((name) => !dispatchNames.includes(name));

/** Names that have an overload of `on` with a comment right above it: an editor shows that in its completion. */
const documented = (source: string) =>
  [...source.matchAll(/\*\/\n  on\(name: '(\w+)'/g)].map(([, name = '']) => name).toSorted();

describe('an editor shows a comment for each event that is no dispatch:', () => {
  test('of a shard', () => {
    expect(documented(read('src/shard/shardListeners.ts'))).toEqual(lifecycle.toSorted());
  });

  test('of a manager', () => {
    const own = ['close', 'connect', 'error', 'event', 'exhausted', 'renewed', 'shard'];
    expect(documented(read('src/manager/managerListeners.ts'))).toEqual([...lifecycle, ...own].toSorted());
  });
});
