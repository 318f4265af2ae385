/** The error itself, unless its message is not fit to be shown as it is. */
export function shown(error: unknown, message: string): Error {
  try {
    if (error instanceof Error && error.message === message) return error;
  } catch {
    // A value whose members throw is no error to hand out.
  }
  return new Error(message);
}
