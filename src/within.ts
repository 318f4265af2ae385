import { ShardError } from './protocol/errors.js';

/**
 * The promise's value, if it comes in time.
 * @throws ShardError `TIMED_OUT`, or what the promise rejects with.
 */
export async function within<T>(limitMs: number, promise: T | PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ShardError('TIMED_OUT', `No answer in ${limitMs} ms.`, { value: limitMs })),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
