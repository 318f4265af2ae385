import { setTimeout as sleep } from 'node:timers/promises';
import type { Interrupt } from '../../terminal/interrupt.js';

const LOOK_EVERY_MS = 10;

/** The story did not come to what it waited for. */
export class StoryStuck extends Error {
  override readonly name = 'StoryStuck';
}

/** Somebody ended the story early. */
export class StoryInterrupted extends Error {
  override readonly name = 'StoryInterrupted';
}

/** Every wait of the story: each has a limit, and all of them together one. */
export class Waiting {
  readonly #deadline: number;
  readonly #interrupt: Pick<Interrupt, 'isRequested'>;

  constructor(totalMs: number, interrupt: Pick<Interrupt, 'isRequested'>) {
    this.#deadline = performance.now() + totalMs;
    this.#interrupt = interrupt;
  }

  /**
   * Resolves once something is so.
   * @throws StoryStuck, StoryInterrupted
   */
  async until(what: string, isSo: () => boolean, limitMs = 10_000): Promise<void> {
    const since = performance.now();
    const end = Math.min(since + limitMs, this.#deadline);
    while (!isSo()) {
      if (this.#interrupt.isRequested) throw new StoryInterrupted('interrupted');
      if (performance.now() >= end) {
        throw new StoryStuck(`waited ${((end - since) / 1_000).toFixed(1)} s for ${what}, in vain`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Time to read what was announced. */
  async pause(ms: number): Promise<void> {
    const end = performance.now() + ms;
    await this.until('the reader', () => performance.now() >= end);
  }
}
