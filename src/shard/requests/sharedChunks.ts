import type { GatewayGuildMembersChunkDispatchData } from 'discord-api-types/v10';

export type Chunk = GatewayGuildMembersChunkDispatchData;

interface Reader {
  readonly take: (chunk: Chunk) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The chunks of one answer, for all the equal requests that wait for it. */
export class SharedChunks {
  /** Chunks for readers that come later; null where none are kept, because a loop reads members that need not stay. */
  readonly #kept: Chunk[] | null;
  readonly #readers = new Set<Reader>();
  readonly #unread = new AbortController();
  #hasBegun = false;

  constructor({ keeps }: { readonly keeps: boolean }) {
    this.#kept = keeps ? [] : null;
  }

  /** Aborts when the last reader has given up. */
  get unread(): AbortSignal {
    return this.#unread.signal;
  }

  /** False for an answer whose first chunks are gone, or that has no reader left. */
  get isOpen(): boolean {
    return !this.unread.aborted && (this.#kept !== null || !this.#hasBegun);
  }

  /** Calls `take` with each chunk. Resolves after the last; rejects with the failure, or with the reason of this reader's signal. */
  read(take: (chunk: Chunk) => void, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const leave = () => {
        end();
        reject(signal?.reason);
        if (this.#readers.size === 0) this.#unread.abort(signal?.reason);
      };
      const end = () => {
        this.#readers.delete(reader);
        signal?.removeEventListener('abort', leave);
      };
      const reader: Reader = {
        take,
        resolve: () => (end(), resolve()),
        reject: (error) => (end(), reject(error)),
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#readers.add(reader);
      for (const chunk of this.#kept ?? []) take(chunk);
    });
  }

  push(chunk: Chunk): void {
    this.#hasBegun = true;
    this.#kept?.push(chunk);
    for (const { take } of this.#readers) take(chunk);
  }

  end(): void {
    for (const { resolve } of this.#readers) resolve();
  }

  fail(error: unknown): void {
    for (const { reject } of this.#readers) reject(error);
  }
}
