import { MAX_DELAY_MS } from '../protocol/limits.js';
import type { Logger } from '../util/logger.js';
import { checkMethods, checkNames, checkObject, namesOf, refuse, whole } from '../util/options.js';
import type { SessionStoreError } from './errors.js';

/** Options of {@link createFileSessionStore}. */
export interface FileSessionStoreOptions {
  /**
   * Milliseconds until a new sequence is written, with every other that came in that time. Shards save their sequences as
   * often, so a process that is killed receives again what was dispatched within twice that time. Default 1 000.
   */
  readonly debounce?: number;
  /**
   * How many shards the bot has. With it, a file that was written for another total is kept under another name. Default:
   * not checked.
   */
  readonly total?: number;
  /** Receives what is wrong with the file. Default: warnings of the process. */
  readonly logger?: Logger;
  /** Replaces the logger. */
  readonly onError?: (error: SessionStoreError) => void;
}

export const DEFAULT_DEBOUNCE_MS = 1_000;

const OPTIONS = namesOf<FileSessionStoreOptions>()({ debounce: true, total: true, logger: true, onError: true });

/** @throws ShardError `INVALID_OPTION` */
export function checkFileStoreOptions(path: unknown, options: FileSessionStoreOptions): void {
  if (typeof path !== 'string' || path === '') refuse('path', path, 'the path of a file');
  checkObject('options', options, '{ total: 16 }');
  checkNames('createFileSessionStore', options, OPTIONS);
  const { debounce = DEFAULT_DEBOUNCE_MS, total = 1, logger, onError } = options;
  if (typeof debounce !== 'number' || !(debounce >= 0 && debounce <= MAX_DELAY_MS)) {
    refuse('debounce', debounce, `milliseconds, from 0 to ${MAX_DELAY_MS}`);
  }
  whole('total', total, { min: 1, meaning: 'how many shards the bot has' });
  checkMethods('logger', logger, ['debug', 'info', 'warn', 'error'], 0);
  if (onError !== undefined && typeof onError !== 'function') refuse('onError', onError, 'a function of the error');
}
