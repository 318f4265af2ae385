/** Marks a rejection as handled: a caller that does not await the promise hears of the failure in another way. */
export function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
