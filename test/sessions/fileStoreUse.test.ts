import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createFileSessionStore, type FileSessionStoreOptions, type Session } from '../../src/index.js';
import { sessionFile, sessionOf } from './rig.js';

const files = sessionFile();
const { open, errors, codes, onDisk, beside, inFolder } = files;

const ours = (content: object) =>
  JSON.stringify({ format: 'shardchart sessions', version: 1, total: 2, sessions: { 0: sessionOf(0) }, ...content });

describe('an unusable file is reported and kept under another name, and no session comes from it:', () => {
  test.each([
    ['a torn file', ours({}).slice(0, 90), 'UNUSABLE', 'torn'],
    ['text that is not JSON', 'hello', 'UNUSABLE', 'not JSON'],
    ['the file of another program', '{"name":"my bot","dependencies":{}}', 'UNUSABLE', 'something other than sessions'],
    ['an array', '[1,2]', 'UNUSABLE', 'something other than sessions'],
    ['null', 'null', 'UNUSABLE', 'something other than sessions'],
    ['a session without its properties', ours({ sessions: { 0: { id: 'x' } } }), 'UNUSABLE', "shard 0's"],
    [
      'a session of something that is not a shard id',
      ours({ sessions: { __proto__x: sessionOf(0) } }),
      'UNUSABLE',
      '__proto__x',
    ],
    ['a newer format', ours({ version: 2 }), 'UNUSABLE', 'format 2'],
    ['another total', ours({ total: 4 }), 'OTHER_TOTAL', 'written for 4 shards, not for 2'],
    ['an unknown total', ours({ total: null }), 'OTHER_TOTAL', 'an unknown number of shards'],
  ])('%s', async (_, content, code, message) => {
    writeFileSync(files.path, content);
    const store = open({ total: 2 });
    expect(await store.get(0)).toBeNull();
    expect(codes()).toEqual([code]);
    expect(errors[0]).toMatchObject({ value: files.path, message: expect.stringContaining(message) as string });
    // A user who reads the error and starts again with the right options has lost nothing.
    expect(readFileSync(files.path, 'utf8')).toBe(content);
    await store.set(1, sessionOf(1));
    expect(onDisk()).toEqual({ 1: sessionOf(1) });
    const [kept = '', ...others] = beside();
    expect(others).toEqual([]);
    expect(errors[0]?.message).toContain(kept);
    expect(readFileSync(inFolder(kept), 'utf8')).toBe(content);
    await store.set(1, sessionOf(1, 1, 2));
    await store.close();
    expect(beside()).toEqual([kept]);
    expect(codes()).toEqual([code]);
  });

  test('an empty file is reported, and not kept', async () => {
    writeFileSync(files.path, '');
    const store = open();
    await store.set(0, sessionOf(0));
    expect(codes()).toEqual(['UNUSABLE']);
    expect(beside()).toEqual([]);
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
  });

  test('a folder at the path stays as it is', async () => {
    mkdirSync(files.path);
    const store = open();
    await store.set(0, sessionOf(0));
    expect(await store.get(0)).toEqual(sessionOf(0));
    expect(codes()).toEqual(['CANNOT_READ', 'CANNOT_WRITE']);
    expect(errors[0]?.message).toContain('not a regular file');
    expect(statSync(files.path).isDirectory()).toBe(true);
    expect(beside()).toEqual([]);
  });

  test('no file gives no session and no error', async () => {
    expect(await open({ total: 2 }).get(0)).toBeNull();
    expect(errors).toEqual([]);
  });

  test('without `total`, a file of any total is used', async () => {
    writeFileSync(files.path, ours({ total: 4 }));
    expect(await open().get(0)).toEqual(sessionOf(0));
    expect(errors).toEqual([]);
  });
});

describe('wrong use is refused or reported:', () => {
  test('a second store for a file is refused until the first is closed', async () => {
    const store = open();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'IN_USE', value: files.path }));
    await store.close();
    open();
  });

  test('another process that writes the file is reported once', async () => {
    const store = open();
    await store.set(0, sessionOf(0));
    for (let sequence = 1; sequence <= 2; sequence += 1) {
      rmSync(files.path);
      writeFileSync(files.path, '{"written":"by another"}');
      await store.set(0, sessionOf(0, 1, sequence + 1));
    }
    expect(codes()).toEqual(['OTHER_WRITER']);
    expect(onDisk()).toEqual({ 0: sessionOf(0, 1, 3) });
  });

  test('set() and delete() of a closed store reject with CLOSED', async () => {
    const store = open();
    await store.set(0, sessionOf(0));
    await store[Symbol.asyncDispose]();
    await store.close();
    await expect(store.set(0, sessionOf(0, 2))).rejects.toMatchObject({ code: 'CLOSED', value: files.path });
    await expect(store.delete(0)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await store.get(0)).toEqual(sessionOf(0));
  });

  test.each([
    ['no path', undefined, {}],
    ['an empty path', '', {}],
    ['options that are null', 'x', null],
    ['a negative debounce', 'x', { debounce: -1 }],
    ['a debounce that is not a number', 'x', { debounce: '1s' }],
    ['a total of 0', 'x', { total: 0 }],
    ['a logger without methods', 'x', { logger: {} }],
    ['an onError that is not a function', 'x', { onError: true }],
  ])('%s', (_, file, options) => {
    expect(() => createFileSessionStore(file as string, options as FileSessionStoreOptions)).toThrow(
      expect.objectContaining({ name: 'ShardError', code: 'INVALID_OPTION' }),
    );
  });

  test('set() rejects a value that is not a session, or not a shard id, and stores nothing', async () => {
    const store = open();
    await expect(store.set(0, { id: 'x' } as Session)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(store.set(-1, sessionOf(0))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(await store.get(0)).toBeNull();
  });
});
