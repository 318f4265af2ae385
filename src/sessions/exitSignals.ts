import type { Flushable } from '../util/flushAtExit.js';

/** What ends a process without the `exit` event, unless somebody listens. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const open = new Set<Flushable>();

/**
 * Has it written when a signal comes that would end the process, and changes nothing else: other listeners are called as
 * ever, and where there are none the signal ends the process as it would have.
 */
export function flushAtSignal(it: Flushable): void {
  open.add(it);
  for (const signal of SIGNALS) listen(signal);
}

export function forgetAtSignal(it: Flushable): void {
  open.delete(it);
  if (open.size === 0) for (const signal of SIGNALS) process.off(signal, flushAll);
}

function listen(signal: NodeJS.Signals): void {
  if (open.size > 0 && !process.listeners(signal).includes(flushAll)) process.prependListener(signal, flushAll);
}

function flushAll(signal: NodeJS.Signals): void {
  for (const it of open) it.flushSync();
  // First in line and gone at once: whoever counts the listeners, as we do, to see whether it is the only one, is right.
  process.off(signal, flushAll);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  // Others go on from here, and so does process 1 of a container, which no signal ends by default.
  setImmediate(() => listen(signal)).unref();
}
