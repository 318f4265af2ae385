import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { find, shardOfGuild } from '../../src/dashboard/page/find.js';

const here = (...keys: string[]) => {
  const set = new Set(keys);
  return (key: string) => set.has(key);
};

describe('the find field', () => {
  test.each(['7', ' 7 ', '#7', 'shard 7', 'Shard7'])('finds shard 7 by %j', (text) => {
    expect(find(text, 16, here('7'))).toEqual({ key: '7' });
  });

  test('"+7" finds shard 7 of the other set', () => {
    expect(find('+7', 16, here('7', '+7'))).toEqual({ key: '+7' });
  });

  test('a guild id finds its shard by Discord’s formula', () => {
    const guild = '81384788765712384';
    expect(shardOfGuild(guild, 16)).toBe(Number((81384788765712384n >> 22n) % 16n));
    const key = String(shardOfGuild(guild, 16));
    expect(find(guild, 16, here(key))).toEqual({ key });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 10n ** 16n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 2_000 }),
        (id, total) => {
          const shard = shardOfGuild(String(id), total);
          return Number.isInteger(shard) && shard >= 0 && shard < total;
        },
      ),
    );
  });

  test.each([
    ['99', 16, 'There are 16 shards, 0 to 15'],
    ['9', 16, 'Shard 9 does not run here'],
    ['9', 0, 'Shard 9 does not run here'],
    ['81384788765712384', 0, 'The shard of a guild cannot be found until the total'],
    ['81384788765712384', 16, 'which does not run here'],
    ['my guild', 16, 'Type the id of a shard'],
    ['123456789012', 16, 'Type the id of a shard'],
  ])('%j of %d shards is answered with the reason why nothing is found', (text, total, why) => {
    expect(find(text, total, here('7'))).toEqual({ why: expect.stringContaining(why) as string });
  });
});
