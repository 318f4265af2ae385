import type { IdentifyGrant, IdentifyLimiter } from '../../../src/index.js';

export type Answer = 'granted' | 'expired' | 'failed';

/** Identify limiter whose answers the run gives, each once, before or after the question. */
export class LimiterRig implements IdentifyLimiter {
  readonly #answers: Answer[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];

  answer(answer: Answer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#answers.push(answer);
    else waiting(answer);
  }

  async acquire(_shardId: number, { signal }: { signal: AbortSignal }): Promise<IdentifyGrant> {
    const answer = this.#answers.shift() ?? (await this.#next(signal));
    if (answer === 'failed') throw new Error('no answer');
    return { commit: () => answer === 'granted', cancel() {} };
  }

  #next(signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
        reject(signal.reason as Error);
      });
    });
  }
}
