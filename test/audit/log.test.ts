import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import {
  createAuditLog,
  replayAudit,
  type AuditError,
  type AuditLogOptions,
  type ShardError,
} from '../../src/index.js';
import { Recording } from './recording.js';
import { streamed } from './streamed.js';

const quiet = () => {};

describe('the options', () => {
  test.each([
    ['none', {}],
    ['no object', null],
    ['two targets', { file: 'a.log', capacity: 3 }],
    ['an empty path', { file: '' }],
    ['a path that is none', { file: 7 }],
    ['a stream that is none', { stream: {} }],
    ['a capacity of none', { capacity: 0 }],
    ['half a record', { capacity: 1.5 }],
    ['a rotation of a stream', { stream: new PassThrough(), rotate: { maxBytes: 5_000 } }],
    ['a rotation without a size', { file: 'a.log', rotate: {} }],
    ['a rotation at every record', { file: 'a.log', rotate: { maxBytes: 10 } }],
    ['a rotation that keeps nothing', { file: 'a.log', rotate: { maxBytes: 5_000, keep: 0 } }],
    ['an onError that is none', { capacity: 1, onError: 'console' }],
    ['a logger with a hole', { capacity: 1, logger: { error() {} } }],
  ])('%s: a ShardError at once', (_, options) => {
    const error = thrownBy(() => createAuditLog(options as unknown as AuditLogOptions)) as ShardError;
    expect(error).toMatchObject({ name: 'ShardError', code: 'INVALID_OPTION' });
    expect(error.message).toMatch(/must be .*; got /);
  });

  test.each([[undefined], [null], [{}], [{ on() {} }], ['shard']])('a source that is none: %s', (source) => {
    const log = createAuditLog({ capacity: 1 });
    expect(thrownBy(() => log.attach(source as never))).toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('attach', () => {
  test('writes what the shard does from then on, one JSON line each', async () => {
    const { log, records } = streamed();
    const shard = new Recording();
    log.attach(shard);
    shard.up().drop();
    const written = await records();
    expect(written).toHaveLength(shard.records.length);
    expect(written.map(({ n }) => n)).toEqual(shard.records.map((_, index) => index + 1));
    written.forEach(({ start, ...line }, index) => {
      expect(line).toEqual({
        v: AUDIT_VERSION,
        n: index + 1,
        ...(index === 0 && { after: null }),
        ...shard.records[index],
        life: 1,
        since: expect.any(Array),
        check: expect.stringMatching(/^[0-9a-f]{8}$/),
      });
      expect(start === undefined).toBe(index > 0);
    });
    expect(replayAudit(written)).toMatchObject({ ok: true });
  });

  test('of a shard that has lived already begins with its history', async () => {
    const { log, records } = streamed();
    const shard = new Recording().up();
    log.attach(shard);
    shard.drop();
    const written = await records();
    expect(written.map(({ to }) => to)).toEqual(shard.records.map(({ to }) => to));
    expect(written.filter(({ start }) => start !== undefined)).toHaveLength(1);
    expect(replayAudit(written)).toMatchObject({ ok: true });
  });

  test('twice is once', async () => {
    const { log, records } = streamed();
    const shard = new Recording();
    const detach = log.attach(shard);
    expect(log.attach(shard)).toBe(detach);
    expect(shard.listeners).toBe(1);
    shard.up();
    expect(await records()).toHaveLength(shard.records.length);
  });

  test('of a manager and of its shard writes each record once', async () => {
    const { log, records } = streamed();
    const shard = new Recording();
    const manager = new EventEmitter();
    shard.on('transition', (record) => manager.emit('transition', record, record.shardId));
    log.attach(manager);
    log.attach(shard);
    shard.up().drop();
    const written = await records();
    expect(written).toHaveLength(shard.records.length);
    expect(replayAudit(written)).toMatchObject({ ok: true });
  });

  test('again, after a time away, goes on where it can and replays', async () => {
    for (const history of [true, false]) {
      const { log, records } = streamed();
      const shard = new Recording({}, history);
      const detach = log.attach(shard);
      shard.up();
      detach();
      detach();
      expect(shard.listeners).toBe(0);
      shard.drop();
      const missed = shard.records.length;
      log.attach(shard);
      shard.up().drop();
      const written = await records();
      expect(written.length === shard.records.length).toBe(history);
      expect(shard.records.length).toBeGreaterThan(missed);
      expect(replayAudit(written)).toMatchObject({ ok: true, records: written.length });
    }
  });

  test('of two live shards of one id keeps them apart', async () => {
    const { log, records } = streamed();
    const shards = [new Recording({ seed: 1 }), new Recording({ seed: 2 })];
    for (const shard of shards) log.attach(shard);
    for (let times = 0; times < 3; times += 1) {
      for (const shard of shards) shard.up().drop();
    }
    const written = await records();
    expect(new Set(written.map(({ life }) => life))).toEqual(new Set([1, 2]));
    expect(replayAudit(written)).toEqual({ ok: true, records: written.length, shards: 1 });
  });

  test('of a manager that replaces a shard begins another life', async () => {
    const { log, records } = streamed();
    const manager = new EventEmitter();
    log.attach(manager);
    for (let times = 0; times < 2; times += 1) {
      const shard = new Recording().on('transition', (record) => manager.emit('transition', record, record.shardId));
      shard.up().drop().tell({ type: 'shutdown', code: 1000, reason: '' }).wait(5_000);
    }
    const written = await records();
    expect(written.at(-1)?.life).toBe(2);
    expect(replayAudit(written)).toMatchObject({ ok: true, records: written.length });
  });

  test('of a shard ends by itself with the shard', () => {
    const log = createAuditLog({ capacity: 50 });
    const shutDown = { type: 'shutdown', code: 1000, reason: '' } as const;
    const ends: ((shard: Recording) => Recording)[] = [
      (shard) => shard.tell(shutDown),
      (shard) => shard.up().tell(shutDown).wait(5_000),
      (shard) => shard.up().tell({ type: 'abort', code: 4900, reason: '' }, shutDown).wait(5_000),
      (shard) => shard.up().drop(4004),
    ];
    for (const end of ends) {
      const shard = new Recording();
      log.attach(shard);
      expect(end(shard).listeners).toBe(0);
      const late = end(new Recording());
      log.attach(late);
      expect(late.listeners).toBe(0);
    }
    const closed = new Recording().up();
    log.attach(closed);
    closed.tell({ type: 'close', code: 1000, reason: '' }).wait(5_000);
    expect(closed.state).toBe('Offline');
    expect(closed.listeners).toBe(1);
    // Without a history it may be many shards.
    const manager = new Recording({}, false);
    log.attach(manager);
    manager.tell(shutDown);
    expect(manager.listeners).toBe(1);
  });

  test('of many shards writes them as they come', async () => {
    const { log, records } = streamed();
    const shards = [0, 1, 2].map((shardId) => new Recording({ shardId }));
    for (const shard of shards) log.attach(shard);
    for (const shard of shards) shard.up();
    for (const shard of shards) shard.drop();
    const written = await records();
    expect(new Set(written.slice(0, 3).map(({ shardId }) => shardId))).toEqual(new Set([0]));
    expect(replayAudit(written)).toEqual({ ok: true, records: written.length, shards: 3 });
  });
});

describe('close', () => {
  test('detaches everything, can be asked for again, and ends no stream of the user’s', async () => {
    const stream = new PassThrough();
    const log = createAuditLog({ stream });
    const shard = new Recording();
    log.attach(shard);
    await log.close();
    await log.close();
    expect(shard.listeners).toBe(0);
    expect(stream.writable).toBe(true);
    expect(stream.listenerCount('error')).toBe(0);
    expect(thrownBy(() => log.attach(shard))).toMatchObject({ name: 'AuditError', code: 'CLOSED' });
  });

  test('is what `await using` does', async () => {
    const shard = new Recording();
    const log = createAuditLog({ capacity: 5 });
    log.attach(shard);
    await log[Symbol.asyncDispose]();
    expect(shard.listeners).toBe(0);
  });

  test('waits until a slow stream has all', async () => {
    const taken: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        setImmediate(() => {
          taken.push(chunk.toString());
          done();
        });
      },
    });
    const log = createAuditLog({ stream });
    log.attach(new Recording().up());
    expect(log.written).toBe(0);
    await log.close();
    expect(taken).toHaveLength(3);
    expect(log.written).toBe(3);
  });
});

test('close waits 5 s for a stream that never answers, and says so', async () => {
  const errors: AuditError[] = [];
  const log = createAuditLog({ stream: new Writable({ write: quiet }), onError: (error) => errors.push(error) });
  log.attach(new Recording().up());
  vi.useFakeTimers();
  try {
    const closed = log.close();
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
  } finally {
    vi.useRealTimers();
  }
  expect(errors).toMatchObject([{ code: 'CANNOT_WRITE' }]);
});

describe('the ring', () => {
  test('keeps the last records in memory, and what it keeps replays', async () => {
    const log = createAuditLog({ capacity: 5 });
    const shard = new Recording().up();
    log.attach(shard);
    shard.drop().up().drop();
    expect(log.records).toEqual(shard.records.slice(-5));
    expect(log.records).toHaveLength(5);
    expect(log.written).toBe(shard.records.length);
    expect(replayAudit(log.records)).toMatchObject({ ok: true, records: 5 });
    await log.close();
  });
});

describe('the lines', () => {
  test('hold nothing of an error’s: it may carry a request with its token', async () => {
    const { log, records } = streamed();
    const shard = new Recording();
    log.attach(shard);
    const error = Object.assign(new Error('401'), { config: { headers: { authorization: 'Bot secret' } } });
    shard.tell({ type: 'connect', session: null }, { type: 'xstate.error.actor.socket', error } as never);
    const written = await records();
    expect(written).toHaveLength(2);
    expect(JSON.stringify(written)).not.toContain('secret');
    expect(replayAudit(written)).toMatchObject({ ok: true });
  });

  test('replay even where a server asks to wait for ever', async () => {
    const { log, records } = streamed();
    const shard = new Recording();
    log.attach(shard);
    const forever = { type: 'socket.closed', code: 1006, reason: '', sequence: null, retryAfterMs: Infinity } as const;
    shard.tell({ type: 'connect', session: null }, forever);
    expect(shard.records.at(-1)?.decision?.delay).toBe(3_600_000);
    expect(replayAudit(await records())).toMatchObject({ ok: true });
  });
});

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
