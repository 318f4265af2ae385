import { ExitCode } from '../exitCode.js';
import { onceUnread } from './output.js';

/** A request from outside to end the command. */
export interface Interrupt {
  /** Resolves at the first SIGINT or SIGTERM, or when the reader of stdout has gone. */
  readonly requested: Promise<void>;
  readonly isRequested: boolean;
  /** Removes the signal handlers. */
  dispose(): void;
}

/**
 * Turns the first SIGINT or SIGTERM into a request to end cleanly. A second one calls `force` and exits with 130 at
 * once.
 */
export function onInterrupt(force: () => void = () => {}): Interrupt {
  let request!: () => void;
  let isRequested = false;
  const requested = new Promise<void>((resolve) => (request = resolve));
  const end = (): void => {
    isRequested = true;
    request();
  };
  const signalled = (): void => {
    if (!isRequested) return end();
    force();
    process.exit(ExitCode.Interrupted);
  };
  process.on('SIGINT', signalled).on('SIGTERM', signalled);
  onceUnread(process.stdout, end);
  onceUnread(process.stderr, () => {});
  return {
    requested,
    get isRequested() {
      return isRequested;
    },
    dispose: () => void process.off('SIGINT', signalled).off('SIGTERM', signalled),
  };
}
