import { AuditError, type AuditLog, createAuditLog } from '../../../audit/index.js';
import { UsageError } from '../../exitCode.js';

/**
 * Opens the log of `--audit FILE`; null without the option. A later write error goes to `onError`, and the command goes
 * on.
 *
 * @throws UsageError where the file cannot be written.
 */
export function openAuditLog(file: string | undefined, onError: (message: string) => void): AuditLog | null {
  if (file === undefined) return null;
  try {
    return createAuditLog({ file, onError: ({ message }) => onError(message) });
  } catch (error) {
    if (error instanceof AuditError) throw new UsageError(error.message);
    throw error;
  }
}
