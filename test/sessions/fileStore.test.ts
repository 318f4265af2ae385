import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type * as Promises from 'node:fs/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFileSessionStore, type Session } from '../../src/index.js';
import { until } from '../shard/rig.js';
import { NEVER_MS, sessionFile, sessionOf } from './rig.js';

/** Faults of the next writes, an error or a wait, and counts of the writes. */
const disk = vi.hoisted(() => ({
  next: [] as (Error | Promise<void>)[],
  unreadable: null as Error | null,
  writes: 0,
  underWay: 0,
  mostAtOnce: 0,
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Promises>();
  const writeFile = async (...args: Parameters<typeof real.writeFile>) => {
    disk.writes += 1;
    disk.underWay += 1;
    disk.mostAtOnce = Math.max(disk.mostAtOnce, disk.underWay);
    try {
      const fault = disk.next.shift();
      if (fault instanceof Error) throw fault;
      await fault;
      await real.writeFile(...args);
    } finally {
      disk.underWay -= 1;
    }
  };
  const readFile = (...args: Parameters<typeof real.readFile>) =>
    disk.unreadable === null ? real.readFile(...args) : Promise.reject(disk.unreadable);
  return { ...real, writeFile, readFile };
});

const enospc = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

/** A promise that the disk waits for, and a function that resolves it. */
function gate() {
  let open!: () => void;
  return { closed: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
}

beforeEach(() => void Object.assign(disk, { next: [], unreadable: null, writes: 0, underWay: 0, mostAtOnce: 0 }));

const files = sessionFile();
const { open, errors, codes, onDisk, beside, inFolder } = files;

describe('the session file', () => {
  test('holds for a later store what an earlier one was given', async () => {
    const before = open({ total: 2 });
    expect(await before.get(0)).toBeNull();
    await before.set(0, sessionOf(0));
    await before.set(1, sessionOf(1));
    await before.set(1, sessionOf(1, 9));
    await before.close();
    const after = open({ total: 2 });
    expect(await after.get(0)).toEqual(sessionOf(0));
    expect(await after.get(1)).toEqual(sessionOf(1, 9));
    expect(errors).toEqual([]);
    expect(beside()).toEqual([]);
  });

  test('has mode 0600, and only the properties of sessions', async () => {
    await open({ total: 1 }).set(0, { ...sessionOf(0), token: 'not asked for' } as Session);
    expect(statSync(files.path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(files.path, 'utf8'))).toEqual({
      format: 'shardchart sessions',
      version: 1,
      total: 1,
      sessions: { 0: sessionOf(0) },
    });
  });

  test('is written at once for a new session or a deletion; a new sequence waits for the next write', async () => {
    const store = open({ debounce: NEVER_MS });
    await store.set(0, sessionOf(0));
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
    await store.set(0, sessionOf(0, 7));
    expect(await store.get(0)).toEqual(sessionOf(0, 7));
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
    await store.set(1, sessionOf(1));
    expect(onDisk()).toEqual({ 0: sessionOf(0, 7), 1: sessionOf(1) });
    await store.set(0, sessionOf(0, 1, 2));
    expect(onDisk()).toEqual({ 0: sessionOf(0, 1, 2), 1: sessionOf(1) });
    await store.delete(1);
    expect(onDisk()).toEqual({ 0: sessionOf(0, 1, 2) });
  });

  test('is written for a new sequence after the debounce, and not for an unchanged one', async () => {
    const store = open({ debounce: 30 });
    await store.set(0, sessionOf(0));
    await store.set(0, sessionOf(0, 2));
    await until(() => onDisk()[0]?.sequence === 2);
    expect(disk.writes).toBe(2);
    await store.set(0, sessionOf(0, 2));
    await store.delete(5);
    await store.close();
    expect(disk.writes).toBe(2);
  });

  test('is written within the debounce though new sequences never pause', async () => {
    const store = open({ debounce: 40 });
    await store.set(0, sessionOf(0));
    let sequence = 1;
    const timer = setInterval(() => void store.set(0, sessionOf(0, (sequence += 1))), 5);
    try {
      await until(() => (onDisk()[0]?.sequence ?? 0) > 1);
    } finally {
      clearInterval(timer);
    }
  });

  test('takes at most five writes for 200 shards that come up, beat and go down, never two at once', async () => {
    const store = open({ debounce: 50, total: 200 });
    const ids = Array.from({ length: 200 }, (_, id) => id);
    await Promise.all(ids.map((id) => store.set(id, sessionOf(id))));
    expect(disk.writes).toBeLessThanOrEqual(2);
    for (let sequence = 2; sequence <= 20; sequence += 1) {
      for (const id of ids) void store.set(id, sessionOf(id, sequence));
    }
    await until(() => onDisk()[199]?.sequence === 20);
    expect(Object.values(onDisk()).every(({ sequence }) => sequence === 20)).toBe(true);
    expect(disk.writes).toBeLessThanOrEqual(3);
    await Promise.all(ids.map((id) => store.delete(id)));
    await store.close();
    expect(onDisk()).toEqual({});
    expect(disk.writes).toBeLessThanOrEqual(5);
    expect(disk.mostAtOnce).toBe(1);
  });

  test('changes during a slow write are the next write', async () => {
    const stall = gate();
    disk.next.push(stall.closed);
    const store = open({ debounce: 1 });
    const sets = [store.set(0, sessionOf(0)), store.set(1, sessionOf(1)), store.set(0, sessionOf(0, 5))];
    await until(() => disk.underWay === 1);
    sets.push(store.delete(1), store.set(2, sessionOf(2)));
    stall.open();
    await Promise.all(sets);
    await store.close();
    expect(onDisk()).toEqual({ 0: sessionOf(0, 5), 2: sessionOf(2) });
    expect(disk.mostAtOnce).toBe(1);
  });

  test('keeps the sessions of other shards when set() comes before the file is read', async () => {
    const before = open();
    await before.set(0, sessionOf(0));
    await before.close();
    const store = open();
    await Promise.all([store.set(1, sessionOf(1)), store.delete(2)]);
    expect(onDisk()).toEqual({ 0: sessionOf(0), 1: sessionOf(1) });
  });
});

test('a store equals a Map after any order of set, delete, get and reopen', async () => {
  const id = fc.nat(3);
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), id, sequence: fc.nat(5), generation: fc.nat(2), waits: fc.boolean() }),
    fc.record({ do: fc.constant('delete' as const), id, waits: fc.boolean() }),
    fc.record({ do: fc.constant('get' as const), id }),
    fc.record({ do: fc.constant('reopen' as const), debounce: fc.constantFrom(0, 1, NEVER_MS) }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const file = inFolder(`property-${(run += 1)}.json`);
      const model = new Map<number, Session>();
      let store = open({}, file);
      const isSame = async (shardId: number) => expect(await store.get(shardId)).toEqual(model.get(shardId) ?? null);
      for (const it of steps) {
        let done: Promise<void> | undefined;
        if (it.do === 'set') {
          const session = sessionOf(it.id, it.sequence, it.generation);
          model.set(it.id, session);
          done = store.set(it.id, session);
        } else if (it.do === 'delete') {
          model.delete(it.id);
          done = store.delete(it.id);
        } else if (it.do === 'get') await isSame(it.id);
        else {
          await store.close();
          store = open({ debounce: it.debounce }, file);
        }
        if ('waits' in it && it.waits) await done;
      }
      await store.close();
      store = open({}, file);
      for (let shardId = 0; shardId <= 3; shardId += 1) await isSame(shardId);
      await store.close();
      expect(errors).toEqual([]);
      expect(disk.mostAtOnce).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

describe('a failing disk', () => {
  test('an unreadable file is reported once and kept under another name, and no session comes from it', async () => {
    writeFileSync(files.path, 'nothing may read this');
    disk.unreadable = new Error('EACCES: permission denied');
    const store = open();
    expect(await store.get(0)).toBeNull();
    await store.set(0, sessionOf(0));
    expect(codes()).toEqual(['CANNOT_READ']);
    expect(errors[0]?.message).toContain('EACCES');
    expect(readFileSync(inFolder(beside()[0] ?? ''), 'utf8')).toBe('nothing may read this');
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
  });

  test('ENOSPC is reported once, rejects no set(), and the sessions are written when it is over', async () => {
    disk.next.push(enospc(), enospc());
    const store = open({ debounce: 1 });
    await store.set(0, sessionOf(0));
    await store.set(1, sessionOf(1));
    expect(await store.get(0)).toEqual(sessionOf(0));
    expect(codes()).toEqual(['CANNOT_WRITE']);
    expect(errors[0]?.message).toMatch(/cannot be written.*tried again.*ENOSPC/);
    expect(beside()).toEqual([]);
    await until(() => existsSync(files.path) && Object.keys(onDisk()).length === 2);
    disk.next.push(enospc());
    await store.set(0, sessionOf(0, 1, 2));
    expect(codes()).toEqual(['CANNOT_WRITE', 'CANNOT_WRITE']);
  });

  test('a failure that lasts is reported again by close()', async () => {
    const store = open({}, inFolder('missing', 'sessions.json'));
    await store.set(0, sessionOf(0));
    await store.close();
    expect(codes()).toEqual(['CANNOT_WRITE', 'CANNOT_WRITE']);
    expect(errors[0]?.message).toContain('Make its folder');
  });

  test('errors go to the logger, or are warnings of the process without one or where it throws', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      writeFileSync(files.path, 'torn');
      const logger = { debug() {}, info() {}, warn() {}, error: vi.fn() };
      for (const options of [{ logger }, {}, { logger: { ...logger, error: () => expect.unreachable('logger') } }]) {
        const store = createFileSessionStore(files.path, options);
        expect(await store.get(0)).toBeNull();
        await store.close();
      }
      expect(logger.error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(files.path));
      expect(warnings).toHaveBeenCalledTimes(2);
      expect(warnings).toHaveBeenLastCalledWith(expect.stringContaining('reporting it failed'), 'ShardchartWarning');
    } finally {
      warnings.mockRestore();
    }
  });
});

/** Calls only the store's listener: the test worker has listeners of its own. */
function signal(): void {
  for (const listener of process.listeners('SIGTERM')) if (listener.name === 'flushAll') listener('SIGTERM');
}
const listener = () => {};

describe('SIGTERM', () => {
  beforeEach(() => void process.on('SIGTERM', listener));
  afterEach(() => void process.off('SIGTERM', listener));

  test('writes what waits before the listener returns', async () => {
    const store = open({ debounce: NEVER_MS });
    await store.set(0, sessionOf(0));
    await store.set(0, sessionOf(0, 5));
    signal();
    expect(onDisk()).toEqual({ 0: sessionOf(0, 5) });
    await store.set(0, sessionOf(0, 6));
    await until(() => process.listeners('SIGTERM').some(({ name }) => name === 'flushAll'));
    signal();
    expect(onDisk()).toEqual({ 0: sessionOf(0, 6) });
    expect(statSync(files.path).mode & 0o777).toBe(0o600);
  });

  test('during a write writes newer sessions, which that write does not replace', async () => {
    const stall = gate();
    const store = open({ debounce: NEVER_MS });
    await store.set(0, sessionOf(0));
    disk.next.push(stall.closed);
    const slow = store.set(1, sessionOf(1));
    await until(() => disk.underWay === 1);
    await store.set(0, sessionOf(0, 9));
    signal();
    const last = { 0: sessionOf(0, 9), 1: sessionOf(1) };
    expect(onDisk()).toEqual(last);
    stall.open();
    await slow;
    expect(onDisk()).toEqual(last);
    await store.set(2, sessionOf(2));
    expect(onDisk()).toEqual({ ...last, 2: sessionOf(2) });
    expect(errors).toEqual([]);
    expect(beside()).toEqual([]);
  });

  test('before the file is read keeps the sessions of the file', async () => {
    const before = open();
    await before.set(0, sessionOf(0));
    await before.close();
    const store = open();
    const set = store.set(1, sessionOf(1));
    signal();
    expect(onDisk()).toEqual({ 0: sessionOf(0), 1: sessionOf(1) });
    await set;
    expect(await store.get(0)).toEqual(sessionOf(0));
  });

  test('has no listener of ours after the last store is closed', async () => {
    await open().close();
    expect(process.listeners('SIGTERM').map(({ name }) => name)).not.toContain('flushAll');
    expect(process.listeners('SIGINT').map(({ name }) => name)).not.toContain('flushAll');
  });
});
