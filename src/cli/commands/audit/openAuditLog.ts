import { AuditError, type AuditLog, createAuditLog } from '../../../audit/index.js';
import { UsageError } from '../../exitCode.js';

/**
 * The log of `--audit FILE`; null without. What becomes of the file later is told, and ends nothing.
 *
 * @throws UsageError where the file cannot be written.
 */
export function openAuditLog(file: string | undefined, told: (message: string) => void): AuditLog | null {
  if (file === undefined) return null;
  try {
    return createAuditLog({ file, onError: ({ message }) => told(message) });
  } catch (error) {
    if (error instanceof AuditError) throw new UsageError(error.message);
    throw error;
  }
}
