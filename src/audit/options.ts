import type { Writable } from 'node:stream';
import type { Logger } from '../util/logger.js';
import { checkMethods, checkNames, checkObject, namesOf, refuse, whole } from '../util/options.js';
import type { AuditError } from './errors.js';

/** Rules for starting a new file. */
export interface Rotation {
  /** Largest size of a file: a line that does not fit begins the next file. At least 1 024. */
  readonly maxBytes: number;
  /** Number of old files to keep: `audit.log.1`, the latest, to `audit.log.5`. Default 5. */
  readonly keep?: number;
}

/** Receivers of an audit log's errors. Without either, errors are warnings of the process. */
interface Reporting {
  readonly logger?: Logger;
  /** Replaces the logger. */
  readonly onError?: (error: AuditError) => void;
}

/** Options of {@link createAuditLog}: a file, a stream or a ring in memory. */
export type AuditLogOptions = Reporting &
  (
    | {
        /** Path of a file, which is appended to. Only one log of one process may write a file at a time. */
        readonly file: string;
        readonly rotate?: Rotation;
      }
    | {
        /** Stream to write to. The log never ends it. */
        readonly stream: Writable;
      }
    | {
        /** Number of records to keep in memory, in `log.records`. */
        readonly capacity: number;
      }
  );

const OPTIONS = namesOf<AuditLogOptions>()({
  file: true,
  rotate: true,
  stream: true,
  capacity: true,
  logger: true,
  onError: true,
});

const TARGETS = ['file', 'stream', 'capacity'] as const;

/** @throws ShardError `INVALID_OPTION` */
export function checkAuditOptions(options: AuditLogOptions): void {
  checkObject('options', options, "{ file: 'audit.log' }");
  checkNames('createAuditLog', options, OPTIONS);
  const given = TARGETS.filter((target) => (options as unknown as Record<string, unknown>)[target] !== undefined);
  if (given.length !== 1) refuse('options', given, 'an object with exactly one of `file`, `stream` and `capacity`');
  if ('file' in options && (typeof options.file !== 'string' || options.file === '')) {
    refuse('file', options.file, 'the path of a file');
  }
  if ('stream' in options && typeof (options.stream as Partial<Writable> | null)?.write !== 'function') {
    refuse('stream', options.stream, 'a Writable of node:stream', 0);
  }
  if ('capacity' in options) whole('capacity', options.capacity, { min: 1 });
  const { rotate } = options as { rotate?: Rotation };
  if (rotate !== undefined) {
    if (!('file' in options)) refuse('rotate', rotate, 'left out: only a file is rotated');
    checkObject('rotate', rotate, '{ maxBytes: 10_000_000, keep: 5 }');
    checkNames('`rotate`', rotate, ['maxBytes', 'keep']);
    whole('rotate.maxBytes', rotate.maxBytes, { min: 1_024 });
    if (rotate.keep !== undefined) whole('rotate.keep', rotate.keep, { min: 1 });
  }
  if (options.onError !== undefined && typeof options.onError !== 'function') {
    refuse('onError', options.onError, 'a function of the error');
  }
  checkMethods('logger', options.logger, ['debug', 'info', 'warn', 'error'], 0);
}

/** @throws ShardError `INVALID_OPTION` */
export function checkSource(source: unknown): void {
  if (source === undefined) refuse('source', source, 'a shard or a manager of shards', 0);
  checkMethods('source', source, ['on', 'off'], 0);
}
