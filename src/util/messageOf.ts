import { inspect } from 'node:util';

/** Text for a value that refuses every way of reading it, such as a proxy whose traps throw. */
const UNREADABLE = 'a value that cannot be shown as text';

/**
 * Message of an error, such as `ENOENT: no such file or directory`; any other thrown value as text. Never throws: user code
 * may throw an object without a prototype, a proxy or an error whose getters throw.
 */
export function messageOf(error: unknown): string {
  return firstText(
    () => (error instanceof Error ? error.message : ''),
    // Node's error for a host with several addresses has a code and no message.
    () => (error instanceof Error ? (error as NodeJS.ErrnoException).code : ''),
    () => String(error),
    () => inspect(error, { depth: 1, breakLength: Infinity, customInspect: false }),
  );
}

/** Stack of an error, which begins with its name and message; {@link messageOf} for a value without one. Never throws. */
export function stackOf(error: unknown): string {
  return firstText(
    () => (error instanceof Error ? error.stack : ''),
    () => messageOf(error),
  );
}

/** The first reading that is a text and does not throw. */
function firstText(...readings: readonly (() => unknown)[]): string {
  for (const read of readings) {
    try {
      const text = read();
      if (typeof text === 'string' && text !== '') return text;
    } catch {
      // The next reading may do better.
    }
  }
  return UNREADABLE;
}
