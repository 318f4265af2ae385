import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createFileSessionStore, createMemorySessionStore, type IdentifyRecord } from '../../src/index.js';
import { sessionFile, sessionOf } from './rig.js';

const record: IdentifyRecord = { hours: [[1_796_000_400_000, 7]], spare: 3, at: 1_796_001_000_000 };

test('a memory store has null before the first setIdentifies(), and then the last record', () => {
  const store = createMemorySessionStore();
  expect(store.getIdentifies?.()).toBeNull();
  void store.setIdentifies?.({ ...record, spare: 9 });
  void store.setIdentifies?.(record);
  void store.setTotal?.(4);
  expect(store.getIdentifies?.()).toEqual(record);
});

describe('the session file', () => {
  const files = sessionFile();
  const open = (total: number) => createFileSessionStore(files.path, { total, onError: () => {} });

  test('has the identifies beside the sessions, and an older file without them is read', async () => {
    const before = open(1);
    await before.set(0, sessionOf(0));
    await before.close();
    expect(readFileSync(files.path, 'utf8')).not.toContain('identifies');
    const next = open(1);
    expect(await next.getIdentifies()).toBeNull();
    await next.setIdentifies(record);
    await next.close();
    const after = open(1);
    expect([await after.getIdentifies(), await after.get(0)]).toEqual([record, sessionOf(0)]);
    await after.close();
  });

  test('keeps the identifies where it was written for another total: they are the bot’s', async () => {
    const before = open(1);
    await before.set(0, sessionOf(0));
    await before.setIdentifies(record);
    await before.close();
    const after = open(2);
    expect([await after.get(0), await after.getIdentifies()]).toEqual([null, record]);
    await after.setTotal(3);
    expect(await after.getIdentifies()).toEqual(record);
    await after.close();
  });

  test('has only the properties of the record', async () => {
    const store = open(1);
    await store.setIdentifies({ ...record, token: 'not asked for' } as IdentifyRecord);
    await store.close();
    expect(JSON.parse(readFileSync(files.path, 'utf8'))).toMatchObject({ identifies: record });
    expect(readFileSync(files.path, 'utf8')).not.toContain('not asked for');
  });

  test('a record that is not one counts as none when it is read, and rejects with INVALID_OPTION when it is set', async () => {
    const content = {
      format: 'shardchart sessions',
      version: 1,
      total: 1,
      identifies: { hours: 'many' },
      sessions: {},
    };
    writeFileSync(files.path, JSON.stringify(content));
    const store = open(1);
    expect(await store.getIdentifies()).toBeNull();
    for (const bad of [null, { ...record, spare: -1 }, { ...record, hours: [[1, 2.5]] }]) {
      await expect(store.setIdentifies(bad as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    }
    await store.close();
    await expect(store.setIdentifies(record)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
