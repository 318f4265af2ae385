import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, and no longer than until the end. */
export async function pause(ms: number, ended: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: ended }).catch(() => {});
}
