import type { Session, SessionStore } from '../../../src/index.js';

export type StoreAnswer = 'session' | 'none' | 'failure';

/** Session store that answers when the run does, each question once. */
export class StoreRig implements SessionStore {
  readonly #session: Session | null;
  #settle: ((answer: StoreAnswer) => void) | null = null;

  constructor(session: Session | null) {
    this.#session = session;
  }

  answer(answer: StoreAnswer): void {
    this.#settle?.(answer);
  }

  async get(): Promise<Session | null> {
    const answer = await new Promise<StoreAnswer>((resolve) => (this.#settle = resolve));
    if (answer === 'failure') throw new Error('no disk');
    return answer === 'session' ? this.#session : null;
  }

  set(): void {}

  delete(): void {}
}
