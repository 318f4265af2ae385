/** An object that can write what it holds before it returns. */
export interface Flushable {
  flushSync(): void;
}

const flushables = new Set<Flushable>();

const flushAll = () => {
  for (const flushable of flushables) flushable.flushSync();
};

/** Calls `flushSync` when the process exits. All objects share one listener: Node warns of a leak above ten. */
export function flushAtExit(flushable: Flushable): void {
  if (flushables.size === 0) process.on('exit', flushAll);
  flushables.add(flushable);
}

/** Takes back {@link flushAtExit}. */
export function forgetAtExit(flushable: Flushable): void {
  flushables.delete(flushable);
  if (flushables.size === 0) process.off('exit', flushAll);
}
