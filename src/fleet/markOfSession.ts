import { createHash } from 'node:crypto';

/** Name of a session that does not reveal its id: the mark in a shard's position and in its stream's entries. */
export const markOfSession = (sessionId: string): string =>
  createHash('sha256').update(sessionId).digest('hex').slice(0, 16);
