import { messageOf } from './messageOf.js';
import { onRejection } from './onRejection.js';
import { redactor } from './redactor.js';

/** Receives a shard's log lines: `console`, pino and winston all fit. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const warn = (message: string) => process.emitWarning(message, 'ShardchartWarning');

const quiet = () => {};

/** Turns errors into warnings of the process, so that they are seen without a logger. Other levels are dropped. */
const defaultLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: warn };

/** The user's logger, with a name before each line and the token redacted. A logger that throws or rejects disturbs nothing. */
export class GuardedLogger implements Logger {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #redact: (text: string) => string;

  constructor(
    name: string,
    { logger = defaultLogger, token }: { readonly logger?: Logger | undefined; readonly token: string },
  ) {
    this.#name = name;
    this.#logger = logger;
    this.#redact = redactor(token);
  }

  /** True where the user gave no logger. */
  get isDefault(): boolean {
    return this.#logger === defaultLogger;
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  info(message: string): void {
    this.#write('info', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string): void {
    this.#write('error', message);
  }

  /** A warning that is seen without a logger too: as a warning of the process. */
  announce(message: string): void {
    this.#write(this.isDefault ? 'error' : 'warn', message);
  }

  #write(level: keyof Logger, message: string): void {
    const onFailure = (error: unknown) => warn(`the logger failed: ${this.#redact(messageOf(error))}`);
    try {
      onRejection(this.#logger[level](this.#redact(`${this.#name}: ${message}`)), onFailure);
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Returns a function that reports errors: to `onError`, else to the logger, else as a warning of the process. It never throws. */
export function reportTo<E extends Error>({
  logger = defaultLogger,
  onError = ({ message }) => logger.error(message),
}: {
  readonly logger?: Logger | undefined;
  readonly onError?: ((error: E) => unknown) | undefined;
}): (error: E) => void {
  return (error) => {
    const onFailure = (failure: unknown) => warn(`${error.message} (and reporting it failed: ${messageOf(failure)})`);
    try {
      onRejection(onError(error), onFailure);
    } catch (failure) {
      onFailure(failure);
    }
  };
}
