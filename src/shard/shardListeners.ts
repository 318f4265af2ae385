import type { Emitter } from '../util/emitter.js';
import type { GuardedLogger } from '../util/logger.js';
import { checkListener, warningOf } from './eventNames.js';
import type { DispatchEvents, ShardEvents } from './events.js';
import type { PromiseGuard } from './promiseGuard.js';

type ShardListener<Name extends keyof ShardEvents> = (value: ShardEvents[Name]) => unknown;

/**
 * Adds and removes the listeners of a shard. Each event of a shard's own life is an overload of `on`, because an editor shows
 * the comment of an overload, and none of an event's name.
 */
export abstract class ShardListeners {
  readonly #emitter: Emitter<ShardEvents>;
  readonly #logger: GuardedLogger;
  readonly #guard: PromiseGuard;

  constructor(emitter: Emitter<ShardEvents>, logger: GuardedLogger, guard: PromiseGuard) {
    this.#emitter = emitter;
    this.#logger = logger;
    this.#guard = guard;
  }

  /** A new session: READY has been received and the shard is Connected. */
  on(name: 'ready', listener: ShardListener<'ready'>): this;
  /** The session goes on: RESUMED has been received, after `replayed` missed dispatches. */
  on(name: 'resumed', listener: ShardListener<'resumed'>): this;
  /** Every dispatch, whole. With a listener here everything is parsed, or what the `events` option names. */
  on(name: 'dispatch', listener: ShardListener<'dispatch'>): this;
  /** Every frame received, as the text it came as. */
  on(name: 'raw', listener: ShardListener<'raw'>): this;
  /** A connection is up: HELLO has been received, with the milliseconds between two heartbeats. */
  on(name: 'hello', listener: ShardListener<'hello'>): this;
  /** A heartbeat was acknowledged, after `latency` milliseconds. */
  on(name: 'heartbeat', listener: ShardListener<'heartbeat'>): this;
  /** No event for as long as the option `quiet` says, though heartbeats are acknowledged. Once a silence. */
  on(name: 'quiet', listener: ShardListener<'quiet'>): this;
  /** One step of the shard's life, with the decision that led to it: for each change of `state`, and for each decision. */
  on(name: 'transition', listener: ShardListener<'transition'>): this;
  /** A connection ended, or an attempt at one; `decision` says what follows, `error` what the network failed with. */
  on(name: 'disconnected', listener: ShardListener<'disconnected'>): this;
  /** A frame that was not what the protocol allows. It was skipped, or its connection dropped and resumed. */
  on(name: 'malformed', listener: ShardListener<'malformed'>): this;
  /** The gateway refused the shard for good. `connect()` rejects with the same error. */
  on(name: 'fatal', listener: ShardListener<'fatal'>): this;
  /** One line on what the shard does, for a human. */
  on(name: 'debug', listener: ShardListener<'debug'>): this;
  /** A dispatch of this name: its data, `d`. */
  on<Name extends keyof DispatchEvents>(name: Name, listener: ShardListener<Name>): this;
  /**
   * Adds a listener. What it throws is reported to the logger and disturbs nothing. A dispatch that discord-api-types does
   * not know is listened for by its name in upper case, with one warning a process.
   * @throws ShardError `INVALID_OPTION` for a name that no event has, and for a listener that is not a function
   */
  on<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this;
  on<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    return this.#listen(name, listener, false);
  }

  /** Adds a listener for the next time only. */
  once<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    return this.#listen(name, listener, true);
  }

  /** Removes a listener. */
  off<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    this.#guard.check(() => checkListener(name, listener));
    this.#emitter.remove(name, listener);
    return this;
  }

  #listen<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>, once: boolean): this {
    this.#guard.check(() => checkListener(name, listener));
    const warning = warningOf(name);
    if (warning !== null) this.#logger.announce(warning);
    this.#emitter.add(name, listener, once);
    return this;
  }
}
