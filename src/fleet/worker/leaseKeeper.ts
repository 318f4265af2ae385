import { fromCallback, type EventObject } from 'xstate';
import type { LeaseCommand, LeaseReport } from '../../../machines/worker.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/messageOf.js';
import type { BeatAnswer, Held, Lease } from '../lease/lease.js';

export interface LeaseKeeperDeps {
  readonly lease: Pick<Lease, 'beat'>;
  /** Life of the lease, and time between two beats. */
  readonly ttlMs: number;
  readonly beatMs: number;
  readonly capacity: number | null;
  /** The shards that run here. */
  readonly held: () => readonly Held[];
  /** Their line in the fleet's status, as JSON. */
  readonly report: () => string;
  /** Called before the chart hears of the answer. */
  readonly onAnswer: (answer: BeatAnswer) => void;
  readonly logger: Logger;
}

/** Time until the next beat after one that was not answered. */
const RETRY_MS = 250;

/** Renews the lease of this worker, and knows whether it still runs. The actor `lease` of the worker's chart. */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;
  #validUntil = 0;
  #state: 'serving' | 'draining' = 'serving';
  #send: ((report: LeaseReport) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;
  #isBeating = false;
  #beatsAgain = false;
  #isCut = false;

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps;
  }

  logic() {
    return fromCallback<LeaseCommand, undefined, LeaseReport & EventObject>(({ sendBack, receive }) => {
      this.#send = sendBack;
      this.#state = 'serving';
      this.#isCut = false;
      receive(({ type }) => {
        this.#state = type === 'lease.drain' ? 'draining' : 'serving';
        this.beatSoon();
      });
      this.beatSoon();
      return () => {
        this.#send = null;
        if (this.#timer !== null) clearTimeout(this.#timer);
        if (this.#expiry !== null) clearTimeout(this.#expiry);
      };
    });
  }

  /** Tells the chart when the lease has run out: a process that was paused asks here before its timers do. */
  check(): void {
    if (this.#isCut || this.#send === null || performance.now() < this.#validUntil) return;
    this.#isCut = true;
    const { ttlMs, logger } = this.#deps;
    logger.warn(
      `the lease was not renewed within ${ttlMs} ms: nothing is published, resumed or identified until Redis has said whose the shards are`,
    );
    this.#send({ type: 'lease.cut' });
  }

  /** Beats now, and again at once where a beat is under way: it may not know what has changed. */
  beatSoon(): void {
    this.#beatsAgain = this.#isBeating;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#isBeating) void this.#beat();
  }

  async #beat(): Promise<void> {
    if (this.#send === null) return;
    const { lease, held, report, capacity, beatMs, ttlMs, onAnswer, logger } = this.#deps;
    const sentAt = performance.now();
    let nextMs = beatMs;
    this.#isBeating = true;
    try {
      const answer = await lease.beat({ state: this.#state, capacity, held: held(), report: report() });
      nextMs = Math.min(beatMs, answer.againMs ?? beatMs);
      // The lease began in Redis after this moment, so that it ends there later than here.
      this.#onAnswer(answer, sentAt + ttlMs, onAnswer);
    } catch (error) {
      nextMs = Math.min(beatMs, RETRY_MS);
      logger.debug(`a beat was not answered: ${messageOf(error)}`);
      this.check();
    }
    this.#isBeating = false;
    if (this.#send === null) return;
    if (this.#beatsAgain) return this.beatSoon();
    this.#timer = setTimeout(() => this.beatSoon(), nextMs);
  }

  #onAnswer(answer: BeatAnswer, validUntil: number, onAnswer: (answer: BeatAnswer) => void): void {
    const send = this.#send;
    if (send === null) return;
    if (answer.isFenced) return send({ type: 'lease.taken' });
    this.#validUntil = validUntil;
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.check(), Math.max(0, validUntil - performance.now()) + 1);
    if (this.#isCut) this.#deps.logger.info('the lease is renewed again');
    this.#isCut = false;
    onAnswer(answer);
    const { owned, give, mayClaim } = answer;
    send({ type: 'lease.answered', owned, give, mayClaim });
  }
}
