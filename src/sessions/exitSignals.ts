import type { Flushable } from '../util/flushAtExit.js';

/** Signals that end a process without the `exit` event unless it listens for them. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const flushables = new Set<Flushable>();

/**
 * Calls `flushSync` at a signal that would end the process, and changes nothing else: other listeners are called as usual,
 * and without any the signal ends the process.
 */
export function flushAtSignal(flushable: Flushable): void {
  flushables.add(flushable);
  for (const signal of SIGNALS) listen(signal);
}

export function forgetAtSignal(flushable: Flushable): void {
  flushables.delete(flushable);
  if (flushables.size === 0) for (const signal of SIGNALS) process.off(signal, flushAll);
}

function listen(signal: NodeJS.Signals): void {
  if (flushables.size > 0 && !process.listeners(signal).includes(flushAll)) process.prependListener(signal, flushAll);
}

function flushAll(signal: NodeJS.Signals): void {
  for (const flushable of flushables) flushable.flushSync();
  // Removed before the others run: a listener that counts the listeners to see if it is the only one must not count this.
  process.off(signal, flushAll);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  // The process may live on: other listeners decide, and process 1 of a container ignores signals by default.
  setImmediate(() => listen(signal)).unref();
}
