import type { DispatchEvents } from '../events.js';
import { ShardError } from '../../util/errors.js';
import { MAX_RETRY_AFTER_MS } from '../../protocol/limits.js';
import { isRecord } from '../../util/predicates.js';
import { checkTimeout } from './checks.js';
import type { AnswerEvents, PendingRequests } from './pendingRequests.js';

/** How long an answer is waited for. */
export interface RequestOptions {
  /** Gives the request up: it rejects with the signal's reason, and what has not left yet never will. */
  signal?: AbortSignal;
  /**
   * Milliseconds without an answer, from the moment the request has left; every part of the answer restarts it.
   * Default 10 000. While it waits to be sent, or for as long as RATE_LIMITED says, only the signal ends it.
   */
  timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** A RATE_LIMITED request is sent again this many times. */
const MAX_RETRIES = 3;

/** Called by the answer's listeners: more is to come, or this is all. */
export interface Answer<T> {
  more(): void;
  whole(value: T): void;
}

type Listeners = { readonly [Name in keyof DispatchEvents]?: (data: DispatchEvents[Name]) => void };

/** A place among requests of which one may leave in a while. */
export interface RequestTurn {
  /** Milliseconds until the request may leave. */
  readonly waitMs: number;
  /** Makes the others wait from now on. */
  take(): void;
  /** Lets the next one leave at once: this one did not leave, or was refused. */
  giveBack(): void;
}

/** A request, and how its answer is recognised. */
export interface Question<T> {
  readonly op: number;
  readonly d: unknown;
  /** Listeners by dispatch, called from when the request has left. */
  listeners(answer: Answer<T>): Listeners;
  /** Parts that have come so far, for the error that names what is missing. */
  progress(): string;
  /** The request's place among those that Discord answers only so often. Default: it leaves at once. */
  readonly turn?: RequestTurn;
  /** Whether a RATE_LIMITED for this op, with this `meta`, is about this request. */
  isLimitedBy(meta: { readonly guild_id?: string; readonly nonce?: string }): boolean;
}

/**
 * Sends a request and collects its answer; when it is settled it has left no listener and no timer behind.
 *
 * A lost connection does not end it: a resumed session replays what was missed. With the session its
 * answer is lost too.
 * @throws ShardError `INVALID_OPTION`, `TIMED_OUT`, `RATE_LIMITED`, `SESSION_LOST`, `CLOSED` and what `send` throws;
 * FatalShardError; the signal's reason
 */
export function ask<T>(requests: PendingRequests, question: Question<T>, options: RequestOptions = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal, timeout = DEFAULT_TIMEOUT_MS } = options;
    checkTimeout(timeout);
    signal?.throwIfAborted();
    void new Request(requests, question, { signal, timeoutMs: timeout }, { resolve, reject }).send();
  });
}

type Listener = (value: never) => void;

type RateLimit = Partial<Record<keyof DispatchEvents['RATE_LIMITED'], unknown>>;

interface Outcome<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

class Request<T> {
  readonly #requests: PendingRequests;
  readonly #question: Question<T>;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #outcome: Outcome<T>;
  readonly #listeners: [name: keyof AnswerEvents, listener: Listener][];
  readonly #withdrawal = new AbortController();
  readonly #aborted = () => this.#fail(this.#signal?.reason);
  /** Waits for its turn, waits in the send queue, or has left: then what comes can be its answer. */
  #phase: 'waiting' | 'queued' | 'left' = 'waiting';
  #isOver = false;
  #retries = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    requests: PendingRequests,
    question: Question<T>,
    { signal, timeoutMs }: { signal: AbortSignal | undefined; timeoutMs: number },
    outcome: Outcome<T>,
  ) {
    this.#requests = requests;
    this.#question = question;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#outcome = outcome;
    const answer: Answer<T> = {
      more: () => this.#wait(),
      whole: (value) => this.#settle(() => outcome.resolve(value)),
    };
    const answers = Object.entries(question.listeners(answer)) as [keyof DispatchEvents, Listener][];
    this.#listeners = [
      ...answers.map(([name, listener]): [typeof name, Listener] => [name, (data) => this.#heard(listener, data)]),
      ['RATE_LIMITED', (data) => this.#heard((limit: RateLimit) => this.#limited(limit), data)],
      ['READY', () => this.#phase === 'left' && this.#fail(sessionLost(question.op))],
      [
        'down',
        (error) => {
          if (this.#phase !== 'queued') requests.onLost(question.op);
          this.#fail(error);
        },
      ],
    ];
    for (const [name, listener] of this.#listeners) requests.answers.add(name, listener as () => void, false);
    signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  async send(): Promise<void> {
    const { op, d, turn } = this.#question;
    const waitMs = turn?.waitMs ?? 0;
    if (waitMs > 0) {
      const refusal = this.#requests.refusal();
      return refusal === null ? this.#sendIn(waitMs) : this.#fail(refusal);
    }
    this.#phase = 'queued';
    turn?.take();
    try {
      await this.#requests.send({ op, d }, { signal: this.#withdrawal.signal });
    } catch (error) {
      turn?.giveBack();
      return this.#fail(error);
    }
    turn?.take();
    if (this.#isOver) return;
    this.#phase = 'left';
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(this.#timedOut()), this.#timeoutMs);
  }

  /** A dispatch from before the request had left answers another one; data that is not an object answers nothing. */
  #heard(listener: Listener, data: unknown): void {
    if (this.#phase === 'left' && !this.#isOver && isRecord(data)) listener(data as never);
  }

  #limited({ opcode, retry_after: retryAfter, meta }: RateLimit): void {
    const { op } = this.#question;
    if (opcode !== op || !this.#question.isLimitedBy(isRecord(meta) ? meta : {})) return;
    const seconds = Number(retryAfter);
    const waitMs = seconds >= 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : this.#timeoutMs;
    if (this.#retries >= MAX_RETRIES) return this.#fail(rateLimited(op, waitMs));
    this.#retries += 1;
    this.#question.turn?.giveBack();
    this.#sendIn(waitMs);
  }

  #sendIn(waitMs: number): void {
    this.#phase = 'waiting';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.send(), waitMs);
  }

  #timedOut(): ShardError {
    const { op, progress } = this.#question;
    const message = `No answer to op ${op} in ${this.#timeoutMs} ms: ${progress()}. Ask again, or raise \`timeout\`.`;
    return new ShardError('TIMED_OUT', message, { value: this.#timeoutMs });
  }

  #fail(error: unknown): void {
    this.#settle(() => this.#outcome.reject(error));
  }

  #settle(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#aborted);
    for (const [name, listener] of this.#listeners) this.#requests.answers.remove(name, listener as () => void);
    this.#withdrawal.abort();
    tell();
  }
}

const sessionLost = (op: number) =>
  new ShardError('SESSION_LOST', `The session op ${op} was sent in is lost, and its answer with it. Ask again.`, {
    value: op,
  });

const rateLimited = (op: number, waitMs: number) =>
  new ShardError(
    'RATE_LIMITED',
    `Op ${op} was limited ${MAX_RETRIES + 1} times in a row. Ask again in ${waitMs} ms, and less often.`,
    { value: waitMs },
  );
