/** Message of an error, such as `ENOENT: no such file or directory`; any other thrown value as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
