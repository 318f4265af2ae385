/** Where a shard writes what it does: `console`, pino and winston all fit. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const warn = (message: string) => process.emitWarning(message, 'ShardchartWarning');

/** Without a logger only what must not go unseen is said, as a warning of the process. */
export const defaultLogger: Logger = { debug: () => {}, info: () => {}, warn, error: warn };
