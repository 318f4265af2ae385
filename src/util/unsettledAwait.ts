import { writeSync } from 'node:fs';

/** Exit code of Node for a top-level await that nothing can settle any more. */
const UNSETTLED = 13;

/** Says why its promises may wait for ever; null where they do not. */
interface Explaining {
  whyWaiting(): string | null;
}

/** Weak, because an object that is dropped must not stay in memory for a message at the end. */
const explaining = new Set<WeakRef<Explaining>>();
const dropped = new FinalizationRegistry<WeakRef<Explaining>>((ref) => explaining.delete(ref));

/** Lines that are enough to see what is wrong. */
const MAX_LINES = 5;

function explain(): void {
  // Node sets the code in a listener of its own, before this one.
  if (process.exitCode !== UNSETTLED) return;
  const reasons = [...explaining].map((ref) => ref.deref()?.whyWaiting() ?? null).filter((reason) => reason !== null);
  for (const reason of reasons.slice(0, MAX_LINES)) writeSync(process.stderr.fd, `shardchart: ${reason}\n`);
}

/** Explains the exit code 13 of the process by the object's reason. */
export function explainUnsettledAwait(object: Explaining): void {
  if (explaining.size === 0) {
    process.off('exit', explain);
    process.on('exit', explain);
  }
  const ref = new WeakRef(object);
  explaining.add(ref);
  dropped.register(object, ref);
}
