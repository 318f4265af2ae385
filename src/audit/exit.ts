/** Something that can write what it still has before it returns. */
interface Flushable {
  flushSync(): void;
}

const open = new Set<Flushable>();

const flushAll = () => {
  for (const log of open) log.flushSync();
};

/** Has it written when the process exits. One listener for all: a process with many logs is not a leak. */
export function flushAtExit(log: Flushable): void {
  if (open.size === 0) process.on('exit', flushAll);
  open.add(log);
}

export function forgetAtExit(log: Flushable): void {
  open.delete(log);
  if (open.size === 0) process.off('exit', flushAll);
}
