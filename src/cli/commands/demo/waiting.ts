import { setTimeout as sleep } from 'node:timers/promises';
import type { Interrupt } from '../../terminal/interrupt.js';

const CHECK_EVERY_MS = 10;

/** A wait of the story reached its limit. */
export class StoryStuck extends Error {
  override readonly name = 'StoryStuck';
}

/** A signal ended the story. */
export class StoryInterrupted extends Error {
  override readonly name = 'StoryInterrupted';
}

/** The waits of the story: each has a limit, and all of them together have one. */
export class Waiting {
  readonly #deadline: number;
  readonly #interrupt: Pick<Interrupt, 'isRequested'>;

  constructor(totalMs: number, interrupt: Pick<Interrupt, 'isRequested'>) {
    this.#deadline = performance.now() + totalMs;
    this.#interrupt = interrupt;
  }

  /**
   * Resolves once `isSo` returns true.
   * @throws StoryStuck, StoryInterrupted
   */
  async until(what: string, isSo: () => boolean, limitMs = 10_000): Promise<void> {
    const since = performance.now();
    const end = Math.min(since + limitMs, this.#deadline);
    while (!isSo()) {
      if (this.#interrupt.isRequested) throw new StoryInterrupted('interrupted');
      if (performance.now() >= end) {
        throw new StoryStuck(`waited ${((end - since) / 1_000).toFixed(1)} s in vain for ${what}`);
      }
      await sleep(CHECK_EVERY_MS);
    }
  }

  /** Gives the reader time to read the announcement. */
  async pause(ms: number): Promise<void> {
    const end = performance.now() + ms;
    await this.until('the reader', () => performance.now() >= end);
  }
}
