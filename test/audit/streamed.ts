import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createAuditLog, type AuditError, type AuditRecord } from '../../src/index.js';

/** A log that writes to a stream, and the records in it. */
export function streamed() {
  const stream = new PassThrough();
  const errors: AuditError[] = [];
  const log = createAuditLog({ stream, onError: (error) => errors.push(error) });
  return {
    log,
    errors,
    async records() {
      await log.close();
      stream.end();
      return (await text(stream))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AuditRecord);
    },
  };
}
