/** Exit codes of all commands; `--help` lists the same. */
export const ExitCode = {
  Fine: 0,
  Failed: 1,
  WrongUse: 2,
  /** A second SIGINT, or one during the demo's story: 128 plus the signal's number, as in shells. */
  Interrupted: 130,
} as const;

/** Wrong use of the command line; the message says what to do instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
