import { messageOf, stackOf } from './messageOf.js';

/** An error as a structured log takes it, with texts that were redacted. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string | number;
}

/** Plain fields of an error; `redact` takes the token out of its texts. Never throws: user code may throw any value. */
export function errorFields(error: unknown, redact: (text: string) => string): ErrorFields {
  const fields = { type: typeOf(error), message: redact(messageOf(error)), stack: redact(stackOf(error)) };
  const code = codeOf(error);
  return code === null ? fields : { ...fields, code: typeof code === 'string' ? redact(code) : code };
}

function typeOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return typeof error;
    return String(error.name);
  } catch {
    return typeof error;
  }
}

function codeOf(error: unknown): string | number | null {
  try {
    const { code } = error as { code?: unknown };
    return typeof code === 'string' || typeof code === 'number' ? code : null;
  } catch {
    return null;
  }
}
