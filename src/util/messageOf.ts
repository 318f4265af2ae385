/** What an error says of itself, `ENOENT: no such file or directory`; anything else that was thrown, as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
