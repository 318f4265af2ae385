import { FatalShardError, ShardError, type ShardErrorCode } from '../../util/errors.js';
import { messageOf } from '../../util/messageOf.js';
import { isRecord } from '../../util/predicates.js';

/** An error on its way between two workers. */
export interface SentError {
  readonly code: ShardErrorCode | null;
  readonly message: string;
  readonly value?: unknown;
  /** Only for a FatalShardError. */
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
  /** The asker still waits for these commands, and has heard nothing for a while. */
  | { readonly type: 'check'; readonly from: string; readonly to: string; readonly ids: readonly string[] }
  /** The command runs. */
  | { readonly type: 'accepted'; readonly id: string }
  /** Another process of the worker's name was asked: this one has not run the command. */
  | { readonly type: 'refused'; readonly id: string }
  | { readonly type: 'answer'; readonly id: string; readonly value?: unknown }
  | { readonly type: 'failed'; readonly id: string; readonly error: SentError };

export type Ask = Extract<Message, { type: 'ask' }>;
export type Check = Extract<Message, { type: 'check' }>;

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const hasId = ({ id }: Fields) => isText(id);

/** Tells for each type of message if its fields are there. */
const FIELDS: Readonly<Record<Message['type'], (message: Fields) => boolean>> = {
  wake: () => true,
  ask: ({ id, from, to, name, args }) => [id, from, to, name].every(isText) && Array.isArray(args),
  cancel: hasId,
  check: ({ from, to, ids }) => isText(from) && isText(to) && Array.isArray(ids) && ids.every(isText),
  accepted: hasId,
  refused: hasId,
  answer: hasId,
  failed: ({ id, error }) => isText(id) && isRecord(error) && isText(error['message']),
};

/** The message; null for a text that is not one: any program that can write to Redis could have put it there. */
export function readMessage(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    if (!isRecord(message) || !Object.hasOwn(FIELDS, String(message['type']))) return null;
    return FIELDS[message['type'] as Message['type']](message) ? (message as unknown as Message) : null;
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
