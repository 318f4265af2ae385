import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AsyncQueue, type AsyncQueueOptions } from '../../src/util/asyncQueue.js';

function start(options: Partial<AsyncQueueOptions> = {}) {
  const closed = vi.fn();
  return { closed, queue: new AsyncQueue<number>({ max: Infinity, overflowed: null, closed, ...options }) };
}

async function read(queue: AsyncIterable<number>): Promise<number[]> {
  const values: number[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

describe('the queue', () => {
  test('hands on what was pushed in order, however pushes and reads interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean()), async (steps) => {
        const { queue } = start();
        const results: Promise<IteratorResult<number, undefined>>[] = [];
        let pushed = 0;
        for (const isPush of steps) {
          if (isPush) queue.push(pushed++);
          else results.push(queue.next());
        }
        queue.end();
        const values = (await Promise.all(results)).flatMap(({ done, value }) => (done === true ? [] : [value]));
        expect([...values, ...(await read(queue))]).toEqual(Array.from({ length: pushed }, (_, n) => n));
      }),
    );
  });

  test('ends once everything before the end has been read, and accepts nothing after it', async () => {
    const { queue, closed } = start();
    queue.push(1);
    queue.end();
    queue.push(2);
    expect(closed).toHaveBeenCalledTimes(1);
    expect(await read(queue)).toEqual([1]);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  test('throws a failure once, after what waits, and is at its end then', async () => {
    const { queue } = start();
    const failure = new Error('mine');
    queue.push(1);
    queue.fail(failure);
    queue.fail(new Error('too late'));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toBe(failure);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  test('fails the first of several waiting readers, and ends the others', async () => {
    const { queue } = start();
    const failure = new Error('mine');
    const [first, second] = [queue.next(), queue.next()];
    queue.fail(failure);
    await expect(first).rejects.toBe(failure);
    expect(await second).toEqual({ done: true, value: undefined });
  });

  test('drops what waits when it is aborted', async () => {
    const { queue } = start();
    const reason = new Error('enough');
    queue.push(1);
    queue.abort(reason);
    await expect(queue.next()).rejects.toBe(reason);
  });

  test('keeps to an end that came before an abort', async () => {
    const { queue } = start();
    queue.push(1);
    queue.end();
    queue.abort(new Error('too late'));
    expect(await read(queue)).toEqual([1]);
  });

  test('is closed by leaving the loop, which drops what waits', async () => {
    const { queue, closed } = start();
    queue.push(1);
    queue.push(2);
    for await (const value of queue) {
      expect(value).toBe(1);
      break;
    }
    expect(closed).toHaveBeenCalledTimes(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  test('is closed by return() even while a reader waits', async () => {
    const { queue, closed } = start();
    const waiting = queue.next();
    await queue.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(closed).toHaveBeenCalledTimes(1);
  });

  test('fails where more than max values would wait, and loses none of the waiting ones', async () => {
    const overflow = new Error('full');
    const { queue, closed } = start({ max: 3, overflowed: () => overflow });
    for (const n of [1, 2, 3, 4, 5]) queue.push(n);
    expect(closed).toHaveBeenCalledTimes(1);
    for (const n of [1, 2, 3]) expect(await queue.next()).toEqual({ done: false, value: n });
    await expect(queue.next()).rejects.toBe(overflow);
    expect(queue.dropped).toBe(0);
  });

  test('drops and counts the oldest values with `overflowed: null`', async () => {
    const { queue } = start({ max: 3 });
    for (const n of [1, 2, 3, 4, 5]) queue.push(n);
    expect(await queue.next()).toEqual({ done: false, value: 3 });
    for (const n of [6, 7]) queue.push(n);
    queue.end();
    expect(await read(queue)).toEqual([5, 6, 7]);
    expect(queue.dropped).toBe(3);
  });

  test('is closed at the end of its block by `await using`', async () => {
    const { queue, closed } = start();
    {
      await using inBlock = queue;
      inBlock.push(1);
    }
    expect(closed).toHaveBeenCalledTimes(1);
  });
});
