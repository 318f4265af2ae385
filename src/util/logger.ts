import { errorFields } from './errorFields.js';
import { messageOf, stackOf } from './messageOf.js';
import { onRejection } from './onRejection.js';
import { isRecord } from './predicates.js';
import { redactor } from './redactor.js';

/**
 * Receives a shard's log lines: `console`, pino and winston all fit. A logger of pino's kind (it has `child` and `bindings`)
 * gets an object of fields before the message, one of winston's kind (it has `child`, `levels` and `transports`) after it:
 * `shard`, `event`, `from`, `to`, `action`, `code`, `reason`, `attempt`, `delay` (milliseconds) and `err`.
 */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A warning of the process, which Node prints. */
export const warn = (message: string): void => process.emitWarning(message, 'ShardchartWarning');

const quiet = () => {};

/** Turns errors into warnings of the process, so that they are seen without a logger. Other levels are dropped. */
const defaultLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: warn };

/** Facts of a log line, for a logger that takes them as fields. */
export type LogFields = Readonly<Record<string, string | number | null>>;

/** Position of the object of fields among the arguments of a logger's methods: pino takes it first, winston last. */
type FieldsPosition = 'first' | 'last' | 'none';

/** Tells the loggers of pino and winston by the members that only theirs have. */
function fieldsPositionOf(logger: object): FieldsPosition {
  const { child, bindings, levels, transports } = logger as Readonly<Record<string, unknown>>;
  if (typeof child !== 'function') return 'none';
  if (typeof bindings === 'function') return 'first';
  return isRecord(levels) && Array.isArray(transports) ? 'last' : 'none';
}

type Log = (...line: (string | object)[]) => unknown;

export interface GuardedLoggerOptions {
  readonly logger?: Logger | undefined;
  readonly token: string;
  /** Fields of every line. Default none. */
  readonly fields?: LogFields;
}

/**
 * The user's logger with the token redacted. One of pino's kind gets fields and a text, any other one a text with a name in
 * front, and one of winston's kind fields as well: its formats often print the text alone. A logger that throws or rejects
 * disturbs nothing.
 */
export class GuardedLogger implements Logger {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #fields: LogFields;
  readonly #redact: (text: string) => string;

  constructor(name: string, { logger = defaultLogger, token, fields = {} }: GuardedLoggerOptions) {
    this.#name = name;
    this.#logger = logger;
    this.#fields = fields;
    this.#redact = redactor(token);
  }

  /** True where the user gave no logger. */
  get isDefault(): boolean {
    return this.#logger === defaultLogger;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  /** An error of user code: with its stack in the text, or as the field `err`. */
  failure(what: string, error: unknown, fields?: LogFields): void {
    if (fieldsPositionOf(this.#logger) === 'none') return this.error(`${what}: ${stackOf(error)}`);
    this.#write('error', what, { ...fields, err: errorFields(error, this.#redact) });
  }

  /** A warning that is seen without a logger too: as a warning of the process. */
  announce(message: string): void {
    this.#write(this.isDefault ? 'error' : 'warn', message);
  }

  #write(level: keyof Logger, message: string, fields: object = {}): void {
    const onFailure = (error: unknown) => warn(`the logger failed: ${this.#redact(messageOf(error))}`);
    try {
      onRejection(this.#send(level, this.#redact(message), fields), onFailure);
    } catch (error) {
      onFailure(error);
    }
  }

  #send(level: keyof Logger, message: string, fields: object): unknown {
    const logger = this.#logger as unknown as Readonly<Record<keyof Logger, Log>>;
    const position = fieldsPositionOf(this.#logger);
    if (position === 'none') return logger[level](`${this.#name}: ${message}`);
    const all = { ...this.#fields, ...this.#redacted(fields) };
    return position === 'first' ? logger[level](all, message) : logger[level](`${this.#name}: ${message}`, all);
  }

  #redacted(fields: object): object {
    const entries = Object.entries(fields as Record<string, unknown>);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, typeof value === 'string' ? this.#redact(value) : value]),
    );
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
