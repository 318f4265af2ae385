/** Something that can write what it still has before it returns. */
export interface Flushable {
  flushSync(): void;
}

const open = new Set<Flushable>();

const flushAll = () => {
  for (const it of open) it.flushSync();
};

/** Has it written when the process exits. One listener for all: a process with many logs is not a leak. */
export function flushAtExit(it: Flushable): void {
  if (open.size === 0) process.on('exit', flushAll);
  open.add(it);
}

export function forgetAtExit(it: Flushable): void {
  open.delete(it);
  if (open.size === 0) process.off('exit', flushAll);
}
