import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../src/index.js';
import { sessionFile, sessionOf } from './rig.js';

const { open, codes, onDisk, beside } = sessionFile();

describe('a store that is told how many shards the bot has', () => {
  test('in memory: keeps the sessions of that total, and forgets those of another', async () => {
    const store = createMemorySessionStore();
    await store.setTotal?.(2);
    await store.set(1, sessionOf(1));
    await store.setTotal?.(2);
    expect(await store.get(1)).toEqual(sessionOf(1));
    await store.setTotal?.(4);
    expect(await store.get(1)).toBeNull();
  });

  test('in a file: a later one of the same total has them', async () => {
    const before = open();
    await before.setTotal(2);
    await before.set(1, sessionOf(1));
    await before.close();
    const after = open();
    await after.setTotal(2);
    expect([await after.get(1), codes()]).toEqual([sessionOf(1), []]);
  });

  test('in a file: one of another total is told and put aside, however it was opened', async () => {
    const before = open({ total: 2 });
    await before.set(1, sessionOf(1));
    await before.close();
    const after = open();
    await after.setTotal(3);
    expect([await after.get(1), codes()]).toEqual([null, ['OTHER_TOTAL']]);
    await after.set(0, sessionOf(0));
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
    expect(beside()).toHaveLength(1);
  });

  test('in a file: after a reshard it has the sessions of the new total alone, and tells nobody', async () => {
    const store = open({ total: 2 });
    await store.set(0, sessionOf(0));
    await store.set(1, sessionOf(1));
    await store.setTotal(1);
    await store.set(0, sessionOf(0, 5, 2));
    await store.close();
    const after = open({ total: 1 });
    expect([await after.get(0), await after.get(1), codes()]).toEqual([sessionOf(0, 5, 2), null, []]);
  });

  test.each([0, 1.5, '2'])('a total of %s is refused', async (total) => {
    await expect(open().setTotal(total as number)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
