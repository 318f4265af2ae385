import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../src/index.js';
import { sessionFile, sessionOf } from './rig.js';

const { open, codes, onDisk, beside } = sessionFile();

describe('setTotal()', () => {
  test('of a store in memory keeps the sessions of the same total and forgets those of another', async () => {
    const store = createMemorySessionStore();
    await store.setTotal?.(2);
    await store.set(1, sessionOf(1));
    await store.setTotal?.(2);
    expect(await store.get(1)).toEqual(sessionOf(1));
    await store.setTotal?.(4);
    expect(await store.get(1)).toBeNull();
  });

  test('of a file store with the same total resumes the sessions of the file', async () => {
    const before = open();
    await before.setTotal(2);
    await before.set(1, sessionOf(1));
    await before.close();
    const after = open();
    await after.setTotal(2);
    expect([await after.get(1), codes()]).toEqual([sessionOf(1), []]);
  });

  test('of a file store with another total reports the file and keeps it under another name', async () => {
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

  test('of a file store after a reshard forgets the sessions of the old total, without an error', async () => {
    const store = open({ total: 2 });
    await store.set(0, sessionOf(0));
    await store.set(1, sessionOf(1));
    await store.setTotal(1);
    await store.set(0, sessionOf(0, 5, 2));
    await store.close();
    const after = open({ total: 1 });
    expect([await after.get(0), await after.get(1), codes()]).toEqual([sessionOf(0, 5, 2), null, []]);
  });

  test.each([0, 1.5, '2'])('(%s) rejects with INVALID_OPTION', async (total) => {
    await expect(open().setTotal(total as number)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
