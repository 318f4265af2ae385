/**
 * Calls `onFailure` when what user code returned is a promise and rejects; other values are ignored.
 * @throws what reading `then` throws: call it where a throw of the user code is caught as well.
 */
export function onRejection(returned: unknown, onFailure: (error: unknown) => void): void {
  if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then !== 'function') return;
  // A promise of our own: the user's subclass may have another `catch`.
  new Promise((resolve) => resolve(returned)).catch(onFailure);
}
