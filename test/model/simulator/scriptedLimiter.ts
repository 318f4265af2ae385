import type { IdentifyGrant, IdentifyLimiter } from '../../../src/index.js';

export type Answer = 'granted' | 'expired' | 'failed';

/** An identify limiter that gives the answers it is told to, each once, whether they come before the question or after. */
export class ScriptedLimiter implements IdentifyLimiter {
  readonly #answers: Answer[] = [];
  readonly #askers: ((answer: Answer) => void)[] = [];

  answer(answer: Answer): void {
    const asker = this.#askers.shift();
    if (asker === undefined) this.#answers.push(answer);
    else asker(answer);
  }

  async acquire(_shardId: number, { signal }: { signal: AbortSignal }): Promise<IdentifyGrant> {
    const answer = this.#answers.shift() ?? (await this.#next(signal));
    if (answer === 'failed') throw new Error('no answer');
    return { commit: () => answer === 'granted', cancel() {} };
  }

  #next(signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#askers.push(resolve);
      signal.addEventListener('abort', () => {
        this.#askers.splice(this.#askers.indexOf(resolve), 1);
        reject(signal.reason as Error);
      });
    });
  }
}
