import { FatalShardError, ShardError, type ShardErrorCode } from '../../util/errors.js';
import { messageOf } from '../../util/messageOf.js';

/** An error on its way between two workers. */
export interface SentError {
  readonly code: ShardErrorCode | null;
  readonly message: string;
  readonly value?: unknown;
  /** Those of a FatalShardError. */
  readonly fatal?: { readonly closeCode: number | null; readonly shardId: number };
}

/** Messages between workers. `from` and `to` are owners, `WORKER/INSTANCE`. */
export type Message =
  /** Shards have become free. */
  | { readonly type: 'wake' }
  | {
      readonly type: 'ask';
      readonly id: string;
      readonly from: string;
      readonly to: string;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  /** The asker no longer waits. */
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'accepted'; readonly id: string }
  | { readonly type: 'answer'; readonly id: string; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: string; readonly error: SentError };

const TYPES: ReadonlySet<unknown> = new Set<Message['type']>(['wake', 'ask', 'cancel', 'accepted', 'answer', 'failed']);

/** The message; null for a text that is none: anyone who can write to Redis could have put it there. */
export function readMessage(text: string): Message | null {
  try {
    const message = JSON.parse(text) as Message | null;
    return TYPES.has(message?.type) ? message : null;
  } catch {
    return null;
  }
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof ShardError)) return { code: null, message: messageOf(error) };
  const { code, message, value } = error;
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  const fatal = error instanceof FatalShardError ? { closeCode: error.closeCode, shardId: error.shardId } : null;
  return { code, message, ...(isPlain && { value }), ...(fatal && { fatal }) };
}

/** The error as the worker that ran the command threw it. */
export function receivedError({ code, message, value, fatal }: SentError): Error {
  if (fatal !== undefined) return new FatalShardError(message, fatal.closeCode, fatal.shardId);
  return code === null ? new Error(message) : new ShardError(code, message, { value });
}
