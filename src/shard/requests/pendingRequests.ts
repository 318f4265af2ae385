import { Emitter, type ListenerFailure } from '../../util/emitter.js';
import type { DispatchEvents } from '../events.js';
import type { SendOptions, SendPayload } from '../sendQueue.js';
import { GuildTurns } from './guildTurns.js';
import type { SharedChunks } from './sharedChunks.js';

/** Events of requests under way, apart from the user's own listeners. */
export type AnswerEvents = DispatchEvents & {
  /** The shard was told to go down, or refused for good: no answer will come any more. */
  down: unknown;
};

export interface PendingRequestsDeps {
  readonly send: (payload: SendPayload, options: SendOptions) => Promise<void>;
  /** Why `send` would reject now, whatever the payload; null where the shard is up or coming up. */
  readonly refusal: () => Error | null;
  /** The bot's user id as far as its token tells it. */
  readonly userId: string | null;
  /** The sum of bits that the shard identifies with: some requests are answered only with certain intents. */
  readonly intents: number;
  readonly failed: ListenerFailure;
}

/**
 * Where a shard's requests leave, and where the answers come in.
 *
 * Answers have an emitter of their own: the dispatches a request waits for are parsed while it is under way, whatever the
 * shard's `events` option says, and do not reach listeners who did not ask for them.
 */
export class PendingRequests {
  readonly answers: Emitter<AnswerEvents>;
  readonly send: PendingRequestsDeps['send'];
  readonly refusal: PendingRequestsDeps['refusal'];
  readonly intents: number;
  readonly turns = new GuildTurns();
  /** Answers to requests for members that are under way, by what was asked for. */
  readonly shared = new Map<string, SharedChunks>();
  #userId: string | null;
  #lost: number[] = [];

  constructor({ send, refusal, userId, intents, failed }: PendingRequestsDeps) {
    this.send = send;
    this.refusal = refusal;
    this.intents = intents;
    this.#userId = userId;
    this.answers = new Emitter(failed);
  }

  /** The bot's user id, from READY; before that, as after a resume of another process's session, from the token. */
  get userId(): string | null {
    return this.#userId;
  }

  /** A dispatch has come. */
  onDispatch<Name extends keyof DispatchEvents>(name: Name, data: DispatchEvents[Name]): void {
    if (name === 'READY') this.#userId = (data as Partial<DispatchEvents['READY']> | null)?.user?.id ?? this.#userId;
    this.answers.emit(name, data as never);
  }

  /** Rejects every request under way, and returns the opcodes of those that wait for an answer or for their turn. */
  rejectAll(error: unknown): number[] {
    this.#lost = [];
    this.answers.emit('down', error);
    return this.#lost;
  }

  /** Counts a request that `rejectAll` ends. A payload that is still in the send queue is counted there. */
  onLost(op: number): void {
    this.#lost.push(op);
  }
}

/** The id a bot's token begins with, which is not a secret; null where the token has another shape. */
export function userIdOf(token: string): string | null {
  const id = Buffer.from(token.split('.', 1)[0] ?? '', 'base64').toString('latin1');
  return /^\d{15,20}$/.test(id) ? id : null;
}
