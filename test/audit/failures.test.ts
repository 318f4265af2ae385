import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createAuditLog, replayAudit, type AuditError, type AuditRecord } from '../../src/index.js';
import { until } from '../shard/rig.js';
import { Recording, without } from './recording.js';
import { streamed } from './streamed.js';

const quiet = () => {};
const failing = () => {
  throw new Error('no');
};

describe('a failure is reported and disturbs no shard:', () => {
  test('a stream that breaks', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('pipe gone')) });
    const errors: AuditError[] = [];
    const log = createAuditLog({ stream, onError: (error) => errors.push(error) });
    const shard = new Recording();
    log.attach(shard);
    shard.up();
    await log.close();
    await new Promise(setImmediate);
    expect(errors.map(({ code }) => code)).toEqual(['RECORDS_DROPPED', 'CANNOT_WRITE']);
    expect(log.written).toBe(0);
    expect(log.dropped).toBe(3);
    expect(shard.state).toBe('Connected');
  });

  test('a stream that breaks while the log is closed reports the loss, and the process lives on', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => void setImmediate(() => done(new Error('ENOSPC'))),
      // Like a file's stream, which is closed before it fails.
      destroy: (error, done) => void setImmediate(() => setImmediate(() => done(error))),
    });
    const errors: AuditError[] = [];
    const log = createAuditLog({ stream, onError: (error) => errors.push(error) });
    log.attach(new Recording().up());
    await log.close();
    expect(log).toMatchObject({ written: 0, dropped: 3 });
    expect(errors).toMatchObject([{ code: 'RECORDS_DROPPED', message: expect.stringContaining('ENOSPC') }]);
    await until(() => errors.length > 1);
    expect(errors[1]).toMatchObject({ code: 'CANNOT_WRITE' });
  });

  test('a stream that takes nothing: at most 16 MiB wait, the gap shows, and the rest replays', async () => {
    const held: (() => void)[] = [];
    const lines: string[] = [];
    let isStalled = true;
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        lines.push(chunk.toString());
        if (isStalled) held.push(done);
        else done();
      },
    });
    const errors: AuditError[] = [];
    const log = createAuditLog({ stream, onError: (error) => errors.push(error) });
    const shard = new Recording();
    log.attach(shard);
    shard.up();
    // Long close reasons make long records.
    for (let times = 0; times < 25; times += 1) shard.drop(4000, 'x'.repeat(500_000)).up();
    expect(log.dropped).toBeGreaterThan(5);
    expect(errors.map(({ code }) => code)).toEqual(['RECORDS_DROPPED']);
    expect(stream.writableLength).toBeLessThan(18_000_000);
    isStalled = false;
    for (const done of held) done();
    await new Promise(setImmediate);
    shard.drop(4000).up();
    await log.close();
    const records = lines.map((line) => JSON.parse(line) as AuditRecord);
    const result = replayAudit(records);
    expect(result).toMatchObject({ ok: false, reason: expect.stringMatching(/^records \d+ to \d+ are missing$/) });
    const gap = result.ok ? -1 : result.index;
    const behind = without(records.slice(gap), 'n', 'check');
    expect(replayAudit(behind)).toMatchObject({ ok: true });
  });

  test('an event of the user that is not JSON', async () => {
    const { log, errors, records } = streamed();
    const shard = new Recording();
    log.attach(shard);
    shard
      .tell({ type: 'connect', session: null, extra: 5n } as never)
      .drop()
      .up();
    expect(log.dropped).toBe(1);
    expect(errors).toMatchObject([{ code: 'RECORDS_DROPPED' }]);
    expect(shard.state).toBe('Connected');
    const [first] = await records();
    expect(first).toMatchObject({ n: 2, start: expect.anything() });
  });

  test('a line longer than readers take', async () => {
    const { log, errors, records } = streamed();
    const shard = new Recording();
    log.attach(shard);
    shard.up().drop(4000, 'x'.repeat(1_500_000)).up();
    expect(log.dropped).toBeGreaterThan(0);
    expect(errors).toMatchObject([{ code: 'RECORDS_DROPPED', message: expect.stringContaining('longer than') }]);
    for (const record of await records()) expect(JSON.stringify(record).length).toBeLessThan(2_200_000);
  });

  test('an onError or a logger that throws, or neither: a warning of the process', async () => {
    const warnings: string[] = [];
    const warn = process.emitWarning;
    process.emitWarning = ((message: string) => void warnings.push(message)) as typeof process.emitWarning;
    try {
      const logger = { debug: quiet, info: quiet, warn: quiet, error: failing };
      for (const options of [{ onError: failing }, { logger }, {}]) {
        const log = createAuditLog({ stream: new PassThrough(), ...options });
        const shard = new Recording();
        log.attach(shard);
        shard.tell({ type: 'connect', session: null, extra: 5n } as never);
        await log.close();
      }
    } finally {
      process.emitWarning = warn;
    }
    expect(warnings).toHaveLength(3);
    for (const warning of warnings) expect(warning).toMatch(/^A transition cannot be written and is missing .*BigInt/);
  });
});
