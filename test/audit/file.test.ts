import type * as Fs from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuditLog, readAuditLog, replayAudit, type AuditError, type AuditLogOptions } from '../../src/index.js';
import { until } from '../shard/rig.js';
import { Recording } from './recording.js';

/** Faults of the next writes: at most so many bytes, an error, or a wait. */
const disk = vi.hoisted(() => ({
  next: [] as (number | Error | Promise<void>)[],
  calls: 0,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof Fs>();
  const { promisify } = await import('node:util');
  const write = promisify(real.write);
  const faulty = async (fd: number, buffer: Buffer) => {
    disk.calls += 1;
    const fault = disk.next.shift();
    if (fault instanceof Error) throw fault;
    if (fault instanceof Promise) await fault;
    return write(fd, buffer, 0, typeof fault === 'number' ? Math.min(fault, buffer.length) : buffer.length);
  };
  return { ...real, write: Object.assign(() => {}, { [promisify.custom]: faulty }) };
});

let folder: string;
let file: string;
const errors: AuditError[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-'));
  file = join(folder, 'audit.log');
  errors.length = 0;
  disk.next.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<AuditLogOptions> = {}) =>
  createAuditLog({ file, onError: (error: AuditError) => errors.push(error), ...options } as AuditLogOptions);

/** Records a shard in a run of its own. */
async function run(options?: Partial<AuditLogOptions>, drops = 3): Promise<Recording> {
  const log = open(options);
  const shard = new Recording().up();
  log.attach(shard);
  for (let times = 0; times < drops; times += 1) shard.drop().up();
  await log.close();
  expect(log).toMatchObject({ written: shard.records.length, dropped: 0 });
  return shard;
}

const lineCount = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1;
const verified = (files: string | string[] = file) => replayAudit(readAuditLog(files));
const missingBefore = 'lines are missing before this run, or runs are out of order';
/** Age of a rotated file, from its name. */
const age = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
const enospc = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

test('a run appends to the file, and several in one file verify', async () => {
  const shards = [await run(), await run(), await run()];
  const total = shards.flatMap(({ records }) => records).length;
  expect(await verified()).toEqual({ ok: true, records: total, shards: 1 });
  expect((await readAuditLog(file)).filter(({ n }) => n === 1)).toHaveLength(3);
  expect(errors).toEqual([]);
});

test('the first record is written in the turn of its event, and records during a write are the next write', async () => {
  const log = open();
  const shard = new Recording();
  disk.calls = 0;
  log.attach(shard);
  shard.up();
  expect(disk.calls).toBe(1);
  await log.close();
  expect(disk.calls).toBe(2);
  expect(lineCount(file)).toBe(3);
});

test('a new log can be read by its owner only: it has whole session ids', async () => {
  await run();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a file whose last line was torn by a kill continues on a new line', async () => {
  await run();
  const whole = readFileSync(file, 'utf8');
  for (const cut of [1, 2, 9, 10, 11, 50, 300]) {
    writeFileSync(file, whole.slice(0, -cut));
    await run();
    const reader = readAuditLog(file);
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    expect(reader.skipped).toEqual([]);
    expect(reader.torn).toHaveLength(cut === 1 ? 0 : 1);
  }
});

test('a file, or lines at its end, missing between two processes fails the replay', async () => {
  await run();
  const first = readFileSync(file, 'utf8');
  await run();
  await run({ rotate: { maxBytes: 4_096, keep: 50 } }, 9);
  const whole = readdirSync(folder)
    .toSorted((a, b) => age(b) - age(a))
    .map((name) => join(folder, name));
  expect(whole.length).toBeGreaterThan(3);
  expect(await verified(whole)).toMatchObject({ ok: true });
  expect(await verified(whole.toSpliced(1, 1))).toMatchObject({ ok: false, reason: missingBefore });
  expect(await verified(whole.toReversed())).toMatchObject({ ok: false, reason: missingBefore });
  const oldest = whole[0] as string;
  writeFileSync(
    oldest,
    readFileSync(oldest, 'utf8').slice(first.lastIndexOf('\n', first.length - 2) + 1 - first.length),
  );
  const lines = first.split('\n').length - 1;
  writeFileSync(oldest, `${first.split('\n').slice(0, -2).join('\n')}\n${readFileSync(oldest, 'utf8')}`);
  expect(await verified(oldest)).toMatchObject({ ok: false, index: lines - 1 });
});

test('a log that is opened again does not write the history of a shard twice', async () => {
  const shard = new Recording();
  for (let times = 0; times < 3; times += 1) {
    const log = open();
    log.attach(shard);
    shard.up().drop();
    await log.close();
  }
  expect((await readAuditLog(file)).map(({ at, to }) => [at, to])).toEqual(shard.records.map(({ at, to }) => [at, to]));
  expect(await verified()).toMatchObject({ ok: true, records: shard.records.length });
});

test('a file is refused to a second log, by whatever path, until the first is closed', async () => {
  const path = file;
  const log = open();
  symlinkSync(path, join(folder, 'link'));
  for (const other of [path, join(folder, '.', 'audit.log'), join(folder, 'link')]) {
    file = other;
    expect(() => open()).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', value: other }));
  }
  await log.close();
  await open().close();
});

test.each([
  ['renamed', (path: string) => renameSync(path, `${path}.old`)],
  ['deleted', (path: string) => rmSync(path)],
])(
  'a file that is %s while it is open continues in a new file at the path, and MOVED is reported once',
  async (_, move) => {
    const log = open();
    move(file);
    const shard = new Recording();
    log.attach(shard);
    shard.tell({ type: 'connect', session: null });
    await until(() => errors.length > 0);
    shard.drop().up().drop();
    await log.close();
    expect(errors).toMatchObject([{ code: 'MOVED', value: file }]);
    expect(log).toMatchObject({ written: shard.records.length, dropped: 0 });
    expect(await verified()).toMatchObject({ ok: true, records: shard.records.length - 1 });
    const old = `${file}.old`;
    if (existsSync(old)) expect(await verified([old, file])).toMatchObject({ ok: true, records: shard.records.length });
  },
);

describe('rotation', () => {
  const rotate = { maxBytes: 4_096, keep: 3 };

  test('keeps every line whole in files of at most maxBytes', async () => {
    const shard = await run({ rotate: { maxBytes: 4_096, keep: 50 } }, 20);
    const files = readdirSync(folder).toSorted((a, b) => age(b) - age(a));
    expect(files.length).toBeGreaterThan(5);
    for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(4_096);
    const records = await readAuditLog(files.map((name) => join(folder, name)));
    expect(records.map(({ at, to }) => [at, to])).toEqual(shard.records.map(({ at, to }) => [at, to]));
    expect(replayAudit(records)).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });

  test('keeps the latest `keep` files, each of which verifies on its own', async () => {
    await run({ rotate }, 20);
    expect(readdirSync(folder).toSorted()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2', 'audit.log.3']);
    for (const name of readdirSync(folder)) {
      expect(await verified(join(folder, name))).toMatchObject({ ok: true, shards: 1 });
    }
  });

  test('of a file that is too large when it is opened comes before its next line', async () => {
    await run({}, 20);
    const before = readFileSync(file, 'utf8');
    await run({ rotate }, 0);
    expect(readFileSync(`${file}.1`, 'utf8')).toBe(before);
    expect(await verified()).toMatchObject({ ok: true });
  });

  test('that fails is reported as CANNOT_ROTATE, and the file grows and verifies', async () => {
    const log = open({ rotate });
    // A folder in its place cannot be replaced by a file.
    for (const age of [1, 2, 3]) mkdirSync(join(`${file}.${age}`, 'in the way'), { recursive: true });
    const shard = new Recording();
    log.attach(shard);
    for (let times = 0; times < 20; times += 1) shard.drop().up();
    await log.close();
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(({ code }) => code === 'CANNOT_ROTATE')).toBe(true);
    expect(log.dropped).toBe(0);
    expect(await verified()).toMatchObject({ ok: true, records: shard.records.length });
  });
});

describe('a failing disk', () => {
  test('a file that cannot be opened throws CANNOT_OPEN', () => {
    file = join(folder, 'no', 'such', 'folder', 'audit.log');
    expect(() => open()).toThrow(expect.objectContaining({ name: 'AuditError', code: 'CANNOT_OPEN', value: file }));
    expect(() => open()).toThrow(/cannot be opened\. Make its folder/);
    file = folder;
    expect(() => open()).toThrow(/cannot be opened\. It is a folder.*EISDIR/);
  });

  test('a write that took a part of the bytes is continued', async () => {
    disk.next.push(10, 1, 2, 3, 100, 7);
    await run();
    expect(await verified()).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });

  test('a failed write is reported once and retried, and no line is lost or out of order', async () => {
    disk.next.push(20, enospc(), enospc(), 5);
    const log = open();
    const shard = new Recording();
    log.attach(shard);
    shard.up();
    await until(() => disk.next.length === 0);
    shard.drop().up();
    await until(() => log.written === shard.records.length);
    await log.close();
    expect(errors).toMatchObject([{ code: 'CANNOT_WRITE', value: file }]);
    expect(errors[0]?.message).toContain('ENOSPC');
    expect(await verified()).toMatchObject({ ok: true, records: shard.records.length });
  });

  test('close() on a disk that stays full reports how many records are lost', async () => {
    disk.next.push(...Array.from({ length: 9 }, enospc));
    const log = open();
    const shard = new Recording();
    log.attach(shard);
    shard.up();
    await log.close();
    expect(log).toMatchObject({ written: 0, dropped: 3 });
    expect(errors.map(({ code }) => code)).toContain('RECORDS_DROPPED');
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('a write that is given up is reported once, and every line counted as written is in the file', async () => {
    const log = open({ rotate: { maxBytes: 2_048 } });
    const shard = new Recording();
    log.attach(shard);
    shard.tell({ type: 'connect', session: null });
    await until(() => log.written === 1);
    disk.next.push(100, enospc(), enospc());
    for (let times = 0; times < 5; times += 1) shard.drop().up();
    await until(() => errors.length > 0);
    await log.close();
    const total = shard.records.length;
    expect(log).toMatchObject({ written: 1, dropped: total - 1 });
    expect(errors).toMatchObject([
      { code: 'CANNOT_WRITE' },
      { code: 'RECORDS_DROPPED', message: expect.stringContaining(`${total - 1} records`) },
    ]);
    expect(await readAuditLog(file)).toHaveLength(1);
    const again = open();
    again.attach(new Recording().up());
    await again.close();
    expect(await verified()).toMatchObject({ ok: true, records: 4 });
  });

  test('a disk that stalls blocks nothing, and at most 16 MiB wait', async () => {
    let release: (() => void) | undefined;
    disk.next.push(new Promise<void>((resolve) => (release = resolve)));
    const log = open();
    const shard = new Recording();
    log.attach(shard);
    for (let times = 0; times < 25; times += 1) shard.drop(4000, 'x'.repeat(500_000)).up();
    expect(shard.state).toBe('Connected');
    expect(log.written).toBe(0);
    expect(log.dropped).toBeGreaterThan(5);
    expect(errors).toMatchObject([{ code: 'RECORDS_DROPPED' }]);
    release?.();
    await until(() => log.written + log.dropped === shard.records.length);
    shard.drop().up();
    await log.close();
    expect(log.written + log.dropped).toBe(shard.records.length);
    expect(statSync(file).size).toBeLessThan(18_000_000);
    expect(await verified()).toMatchObject({ ok: false, reason: expect.stringMatching(/^records? .* missing$/) });
  });
});
