import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import type { DispatchSink } from '../actors/frameReader.js';
import type { PendingRequests } from './requests/pendingRequests.js';
import type { Emitter } from '../util/emitter.js';
import type { DispatchEvents, ShardEvents } from './events.js';
import type { Logger } from '../util/logger.js';
import { redactor } from '../util/redactor.js';

export interface DispatcherDeps {
  readonly emitter: Emitter<ShardEvents>;
  readonly requests: PendingRequests;
  readonly logger: Logger;
  readonly token: string;
  /** The option `events`. */
  readonly events: readonly string[] | undefined;
}

const EVENT_NAME = /^[A-Z][A-Z0-9_]*$/;

const EXCERPT_LENGTH = 120;
const REDACTED_LENGTH = 1_000;

/** The hot path: from the socket straight to the listeners. */
export class Dispatcher implements DispatchSink {
  readonly #emitter: Emitter<ShardEvents>;
  readonly #requests: PendingRequests;
  readonly #logger: Logger;
  readonly #token: string;
  readonly #only: ReadonlySet<string> | null;

  constructor({ emitter, requests, logger, token, events }: DispatcherDeps) {
    this.#emitter = emitter;
    this.#requests = requests;
    this.#logger = logger;
    this.#token = token;
    this.#only = events === undefined ? null : new Set([...events, 'READY', 'RESUMED']);
  }

  wants(name: string): boolean {
    return (
      this.#requests.answers.has(name as keyof DispatchEvents) ||
      ((this.#only === null || this.#only.has(name)) &&
        (this.#emitter.has('dispatch') || this.#emitter.has(name as keyof ShardEvents)))
    );
  }

  get wantsAll(): boolean {
    return this.#only === null && this.#emitter.has('dispatch');
  }

  get wantsRaw(): boolean {
    return this.#emitter.has('raw');
  }

  raw(text: string): void {
    this.#emitter.emit('raw', text);
  }

  dispatch(payload: GatewayDispatchPayload): void {
    const { t, d } = payload;
    // Lower-case names are the shard's own events: no dispatch may pass for one.
    const isNamed = EVENT_NAME.test(t);
    if (isNamed) this.#requests.onDispatch(t as keyof DispatchEvents, d as never);
    // Parsed for a request alone.
    if (this.#only !== null && !this.#only.has(t)) return;
    this.#emitter.emit('dispatch', payload);
    if (isNamed) this.#emitter.emit(t as keyof ShardEvents, d as never);
  }

  malformed(reason: string, text: string): void {
    this.#logger.warn(`malformed frame: ${reason}`);
    // The token first, the length second: half a token would be no match any more.
    const excerpt = redactor(this.#token)(text.slice(0, REDACTED_LENGTH)).slice(0, EXCERPT_LENGTH);
    this.#emitter.emit('malformed', { reason, excerpt });
  }
}
