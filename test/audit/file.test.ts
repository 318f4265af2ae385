import type * as Fs from 'node:fs';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuditLog, readAuditLog, replayAudit, type AuditError, type AuditLogOptions } from '../../src/index.js';
import { until } from '../integration/harness.js';
import { Recording } from './recording.js';

/** What the next writes come to: so many bytes at most, an error, or nothing before it is let go. */
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

/** Everything a shard has done in a run of its own. */
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
/** Of a rotated file, from its name. */
const age = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
const enospc = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

test('a run appends to the file, and several in one file verify', async () => {
  const shards = [await run(), await run(), await run()];
  const total = shards.flatMap(({ records }) => records).length;
  expect(await verified()).toEqual({ ok: true, records: total, shards: 1 });
  expect((await readAuditLog(file)).filter(({ n }) => n === 1)).toHaveLength(3);
  expect(errors).toEqual([]);
});

test('the first record is with the system in the turn it was told in, and what comes meanwhile is one write', async () => {
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

test('a file whose last line a kill has torn is gone on with on a new line', async () => {
  await run();
  const whole = readFileSync(file, 'utf8');
  for (const cut of [1, 2, 9, 10, 11, 50, 300]) {
    writeFileSync(file, whole.slice(0, -cut));
    await run();
    const reader = readAuditLog(file);
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    expect(reader.skipped).toEqual([]);
  }
});

describe('rotation', () => {
  const rotate = { maxBytes: 4_096, keep: 3 };

  test('keeps so many files, none larger than asked, with no line split or lost', async () => {
    const shard = await run({ rotate: { maxBytes: 4_096, keep: 50 } }, 20);
    const files = readdirSync(folder).toSorted((a, b) => age(b) - age(a));
    expect(files.length).toBeGreaterThan(5);
    for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(4_096);
    const records = await readAuditLog(files.map((name) => join(folder, name)));
    expect(records.map(({ at, to }) => [at, to])).toEqual(shard.records.map(({ at, to }) => [at, to]));
    expect(replayAudit(records)).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });

  test('each file verifies on its own, and the oldest goes', async () => {
    await run({ rotate }, 20);
    expect(readdirSync(folder).toSorted()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2', 'audit.log.3']);
    for (const name of readdirSync(folder)) {
      expect(await verified(join(folder, name))).toMatchObject({ ok: true, shards: 1 });
    }
  });

  test('of a file that is too large already comes before its next line', async () => {
    await run({}, 20);
    const before = readFileSync(file, 'utf8');
    await run({ rotate }, 0);
    expect(readFileSync(`${file}.1`, 'utf8')).toBe(before);
    expect(await verified()).toMatchObject({ ok: true });
  });

  test('that fails is told, and the file grows on and verifies', async () => {
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

describe('what goes wrong with the disk', () => {
  test('a file that cannot be opened is an AuditError at once', () => {
    file = join(folder, 'no', 'such', 'folder', 'audit.log');
    expect(() => open()).toThrow(expect.objectContaining({ name: 'AuditError', code: 'CANNOT_OPEN', value: file }));
    file = folder;
    expect(() => open()).toThrow(/cannot be opened\. Make its folder.*EISDIR/);
  });

  test('a write that took a part only is gone on with', async () => {
    disk.next.push(10, 1, 2, 3, 100, 7);
    await run();
    expect(await verified()).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });

  test('a write that failed is told once and tried again, and nothing is lost or out of order', async () => {
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

  test('a disk that stays full costs the records, and close says how many', async () => {
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

  test('a disk that stalls holds nothing up, and what waits has a bound', async () => {
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

test('readers wait for nothing: a log can be read while it is written', async () => {
  const log = open();
  const shard = new Recording();
  log.attach(shard);
  shard.up();
  await until(() => log.written === 3);
  expect(await verified()).toMatchObject({ ok: true, records: 3 });
  shard.drop();
  await log.close();
  expect(await verified()).toMatchObject({ ok: true, records: shard.records.length });
});

describe('reading', () => {
  test('a missing file is an AuditError that names it', async () => {
    const missing = join(folder, 'none.log');
    const error = await readAuditLog(missing).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'AuditError', code: 'NOT_FOUND', value: missing });
    await expect(replayAudit(readAuditLog(folder))).rejects.toMatchObject({ code: 'CANNOT_READ' });
  });

  test('goes line by line, and stops when the reader does', async () => {
    await run();
    const seen: number[] = [];
    for await (const { n } of readAuditLog(file)) {
      seen.push(n);
      if (n === 4) break;
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test('takes lines that are cut in the middle of a character', async () => {
    const log = open();
    const shard = new Recording().up();
    log.attach(shard);
    for (let times = 0; times < 20; times += 1) shard.drop(4000, 'Ünïcödé 💥 '.repeat(900)).up();
    await log.close();
    expect(await verified()).toMatchObject({ ok: true, records: shard.records.length });
  });

  test('passes over what is no record, says where, and still gives the rest; the replay fails there', async () => {
    await run();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    for (const [damage, reason] of [
      ['{"n":', 'it is not JSON'],
      ['{}', '`at` is not milliseconds since the epoch'],
      ['null', 'it is not a transition record'],
      [(lines[4] as string).replace('"at":', '"at":"x'), 'it is not JSON'],
      [(lines[4] as string).replace(/"at":\d+/, '"at":"noon"'), '`at` is not milliseconds since the epoch'],
      [(lines[4] as string).replace(/,"check".*/, '}'), '`check` is not 8 hexadecimal digits'],
      ['{"v":7,"new":true}', 'format 7, written by a newer shardchart; this one reads format 1'],
    ] as const) {
      for (const index of [0, 4, lines.length - 1]) {
        writeFileSync(file, `${lines.with(index, damage).join('\n')}\n\n`);
        const reader = readAuditLog(file);
        const records = await reader;
        expect(records).toHaveLength(lines.length - 1);
        expect(reader.skipped).toEqual([{ file, line: index + 1, reason }]);
        const result = await replayAudit(reader);
        expect(result).toMatchObject({ ok: false, index });
        expect(result.ok || result.reason).toContain(`line ${index + 1} of ${file} is no record: ${reason}`);
      }
    }
  });

  test('passes over empty lines, and a torn line where a run ended in it', async () => {
    await run();
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, `\n\n${whole}\n${whole.slice(0, -30)}`);
    const reader = readAuditLog(file);
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    appendFileSync(file, `\n${whole}`);
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    expect(reader.skipped).toEqual([]);
  });
});
