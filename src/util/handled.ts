/** A promise whose rejection nobody needs to handle: whoever does not await it hears of it in another way. */
export function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
