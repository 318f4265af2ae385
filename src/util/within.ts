import { ShardError } from './errors.js';

/**
 * Resolves with the promise's value if it comes within `limitMs`; `awaited` names in the error what has not come.
 * @throws ShardError `TIMED_OUT`, the signal's reason, or what the promise rejects with.
 */
export async function within<T>(
  limitMs: number,
  promise: T | PromiseLike<T>,
  awaited = 'answer',
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let aborted: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    aborted = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', aborted, { once: true });
    timer = setTimeout(
      () => reject(new ShardError('TIMED_OUT', `No ${awaited} in ${limitMs} ms.`, { value: limitMs })),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    if (aborted) signal?.removeEventListener('abort', aborted);
  }
}
