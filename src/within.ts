import { ShardError } from './protocol/errors.js';

/**
 * The promise's value, if it comes in time; `awaited` names what the error says has not come.
 * @throws ShardError `TIMED_OUT`, or what the promise rejects with.
 */
export async function within<T>(limitMs: number, promise: T | PromiseLike<T>, awaited = 'answer'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ShardError('TIMED_OUT', `No ${awaited} in ${limitMs} ms.`, { value: limitMs })),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
