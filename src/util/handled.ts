/**
 * Marks a promise as handled and returns it: a caller who does not await it never ends the process, and one who awaits it
 * still gets the rejection. It belongs around what a public member returns: an `async` function makes a promise of its own.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
