/** How a command ends; the texts of `--help` say the same. */
export const ExitCode = {
  Fine: 0,
  Failed: 1,
  WrongUse: 2,
  /** A second SIGINT, or one during the demo's story: 128 and the signal's number, as shells have it. */
  Interrupted: 130,
} as const;

/** The command was called in a way it cannot be; its message says how it can. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
