import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundWriter } from '../../src/util/backgroundWriter.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function rig() {
  const waiting: string[] = [];
  const written: string[] = [];
  const failures: boolean[] = [];
  const faults: Error[] = [];
  const writer = new BackgroundWriter({
    hasWork: () => waiting.length > 0,
    write: async () => {
      const [next = ''] = waiting;
      await Promise.resolve();
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      waiting.shift();
      written.push(next);
    },
    writeSync: () => void written.push(...waiting.splice(0)),
    onFailure: (_, isFirst) => void failures.push(isFirst),
    retryMs: 1_000,
  });
  return { waiting, written, failures, faults, writer };
}

const enospc = (times: number) => Array.from({ length: times }, () => new Error('ENOSPC'));

test('run() writes in order until no work is left, also what is added while it writes', async () => {
  const { waiting, written, writer } = rig();
  waiting.push('a', 'b');
  const done = writer.run();
  waiting.push('c');
  expect(writer.run()).toBe(done);
  await done;
  expect(written).toEqual(['a', 'b', 'c']);
  await writer.run();
  waiting.push('d');
  await writer.run();
  expect(written.at(-1)).toBe('d');
  writer.stop();
});

test('failed writes are retried after 1, 2, 4 … 30 s, and only the first is reported as the first', async () => {
  const { waiting, written, failures, faults, writer } = rig();
  waiting.push('a');
  faults.push(...enospc(7));
  await writer.run();
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    expect([writer.isPaused, written]).toEqual([true, []]);
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(writer.isPaused).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect([writer.isPaused, written]).toEqual([false, ['a']]);
  expect(failures).toEqual([true, false, false, false, false, false, false]);
  waiting.push('b');
  faults.push(...enospc(1));
  await writer.run();
  expect(failures.at(-1)).toBe(true);
  writer.stop();
});

test('run() within a pause tries again at once', async () => {
  const { waiting, written, faults, writer } = rig();
  waiting.push('a');
  faults.push(...enospc(1));
  await writer.run();
  await writer.run();
  expect([written, vi.getTimerCount()]).toEqual([['a'], 0]);
  writer.stop();
});

test('stop() within a pause ends the retries', async () => {
  const { waiting, written, faults, writer } = rig();
  waiting.push('a');
  faults.push(...enospc(1));
  await writer.run();
  writer.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written).toEqual([]);
});

test('the exit of the process writes what waits, and run() is synchronous from then on', () => {
  const { waiting, written, writer } = rig();
  waiting.push('a', 'b');
  writer.flushSync();
  expect(written).toEqual(['a', 'b']);
  waiting.push('c');
  void writer.run();
  expect(written).toEqual(['a', 'b', 'c']);
  writer.stop();
});

test('a process has one exit listener for all writers, and none after the last has stopped', () => {
  const before = process.listenerCount('exit');
  const writers = [rig().writer, rig().writer, rig().writer];
  expect(process.listenerCount('exit')).toBe(before + 1);
  for (const writer of writers) writer.stop();
  expect(process.listenerCount('exit')).toBe(before);
});
