import { ExitCode } from '../exitCode.js';
import { onceUnread } from './output.js';

/** What may end a command from outside. */
export interface Interrupt {
  /** Resolves at the first SIGINT or SIGTERM, or once nobody reads stdout any more. */
  readonly requested: Promise<void>;
  readonly isRequested: boolean;
  /** Gives the signals back. */
  dispose(): void;
}

/**
 * Turns the first SIGINT or SIGTERM into a request to end cleanly. The second one does not wait for that: it calls
 * `force` and exits with 130.
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
