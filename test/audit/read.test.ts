import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import { createAuditLog, readAuditLog, replayAudit } from '../../src/index.js';
import { until } from '../shard/rig.js';
import { Recording } from './recording.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-'));
  file = join(folder, 'audit.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Everything a shard has done in a run of its own. */
async function run(): Promise<void> {
  await using log = createAuditLog({ file });
  const shard = new Recording().up();
  log.attach(shard);
  for (let times = 0; times < 3; times += 1) shard.drop().up();
}

const verified = () => replayAudit(readAuditLog(file));

test('readers wait for nothing: a log can be read while it is written', async () => {
  const log = createAuditLog({ file });
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
    const log = createAuditLog({ file });
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
      ['{"v":7,"new":true}', `format 7, written by a newer shardchart; this one reads format ${AUDIT_VERSION}`],
    ] as const) {
      for (const index of [0, 4, lines.length - 1]) {
        writeFileSync(file, `${lines.with(index, damage).join('\n')}\n\n`);
        const reader = readAuditLog(file);
        const records = await reader;
        expect(records).toHaveLength(lines.length - 1);
        expect(reader.skipped).toEqual([{ file, line: index + 1, reason }]);
        const result = await replayAudit(reader);
        expect(result).toMatchObject({ ok: false, index });
        expect(result.ok || result.reason).toContain(`line ${index + 1} of ${file} is not a record: ${reason}`);
      }
    }
  });

  test('takes no offence at the mark an editor has put before the first line', async () => {
    await run();
    const count = (await readAuditLog(file)).length;
    writeFileSync(file, `\uFEFF${readFileSync(file, 'utf8')}`);
    const reader = readAuditLog(file);
    expect(await reader).toHaveLength(count);
    expect(reader.skipped).toEqual([]);
    expect(await verified()).toMatchObject({ ok: true, records: count });
  });

  test('passes over a line that is nested so deep that it could not be written again', async () => {
    await run();
    const [first = '', ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
    const nested = (levels: number) =>
      first.replace('"event":{', `"event":{"x":${'['.repeat(levels)}${']'.repeat(levels)},`);
    writeFileSync(file, [first, nested(50), nested(50_000), ...rest].map((line) => `${line}\n`).join(''));
    const reader = readAuditLog(file);
    const records = await reader;
    expect(records).toHaveLength(rest.length + 2);
    expect(() => JSON.stringify(records)).not.toThrow();
    expect(reader.skipped).toEqual([{ file, line: 3, reason: 'it is nested more than 100 levels deep' }]);
  });

  test('passes over empty lines, and a torn line where a run ended in it', async () => {
    await run();
    const whole = readFileSync(file, 'utf8');
    const lines = whole.split('\n').length - 1;
    // A process was killed in its first line, and so was the next.
    for (let kills = 0; kills < 2; kills += 1) appendFileSync(file, `${'\n'.repeat(kills)}${whole.slice(0, 90)}`);
    const reader = readAuditLog(file);
    expect(await replayAudit(reader)).toMatchObject({ ok: false });
    await run();
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    expect(reader.skipped).toEqual([]);
    const reason = 'it is torn';
    expect(reader.torn).toEqual([1, 2].map((behind) => ({ file, line: lines + behind, reason })));
    writeFileSync(file, `\n\n${whole.replaceAll('\n', '\n \n')}${whole.slice(0, 90)}`);
    expect(await replayAudit(reader)).toMatchObject({ ok: true });
    expect(reader.torn).toEqual([{ file, line: 2 * lines + 3, reason }]);
  });

  test('takes a line without an end for no record, however long it is', async () => {
    const junk = 'x'.repeat(24 * 1_024 * 1_024);
    writeFileSync(file, junk);
    await run();
    const reader = readAuditLog(file);
    const began = performance.now();
    expect((await reader).length).toBeGreaterThan(3);
    // Splitting the line again with each chunk took 3 s.
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(reader.skipped).toEqual([{ file, line: 1, reason: 'it is longer than 2097152 characters' }]);
  });

  test('lists a thousand lines that are no records, and counts them all', async () => {
    writeFileSync(file, '{}\n'.repeat(5_000));
    const reader = readAuditLog(file);
    expect(await reader).toEqual([]);
    expect(reader.skipped).toHaveLength(1_000);
    expect(reader.skipped.at(-1)).toMatchObject({ line: 1_000 });
    expect(reader.skippedCount).toBe(5_000);
    expect(await replayAudit(reader)).toMatchObject({ ok: false });
  });
});
