import type { Emitter } from '../util/emitter.js';
import type { DispatchEvents, ShardEvents } from './events.js';

type ShardListener<Name extends keyof ShardEvents> = (value: ShardEvents[Name]) => unknown;

/**
 * Adds and removes the listeners of a shard. Each event of a shard's own life is an overload of `on`, because an editor shows
 * the comment of an overload, and none of an event's name.
 */
export abstract class ShardListeners {
  readonly #emitter: Emitter<ShardEvents>;

  constructor(emitter: Emitter<ShardEvents>) {
    this.#emitter = emitter;
  }

  /** A new session: READY has been received and the shard is Connected. */
  on(name: 'ready', listener: ShardListener<'ready'>): this;
  /** The session goes on: RESUMED has been received, after `replayed` missed dispatches. */
  on(name: 'resumed', listener: ShardListener<'resumed'>): this;
  /** Every dispatch, whole. With a listener here everything is parsed, or what the `events` option names. */
  on(name: 'dispatch', listener: ShardListener<'dispatch'>): this;
  /** Every frame received, as the text it came as. */
  on(name: 'raw', listener: ShardListener<'raw'>): this;
  /** A heartbeat was acknowledged, after `latency` milliseconds. */
  on(name: 'heartbeat', listener: ShardListener<'heartbeat'>): this;
  /** One step of the shard's life, with the decision that led to it: for each change of `state`, and for each decision. */
  on(name: 'transition', listener: ShardListener<'transition'>): this;
  /** A connection ended, or an attempt at one; `decision` says what follows. */
  on(name: 'disconnected', listener: ShardListener<'disconnected'>): this;
  /** A frame that was not what the protocol allows. It was skipped, or its connection dropped and resumed. */
  on(name: 'malformed', listener: ShardListener<'malformed'>): this;
  /** The gateway refused the shard for good. `connect()` rejects with the same error. */
  on(name: 'fatal', listener: ShardListener<'fatal'>): this;
  /** One line on what the shard does, for a human. */
  on(name: 'debug', listener: ShardListener<'debug'>): this;
  /** A dispatch of this name: its data, `d`. */
  on<Name extends keyof DispatchEvents>(name: Name, listener: ShardListener<Name>): this;
  /** Adds a listener. What it throws is reported to the logger and disturbs nothing. */
  on<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this;
  on<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    this.#emitter.add(name, listener, false);
    return this;
  }

  /** Adds a listener for the next time only. */
  once<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    this.#emitter.add(name, listener, true);
    return this;
  }

  /** Removes a listener. */
  off<Name extends keyof ShardEvents>(name: Name, listener: ShardListener<Name>): this {
    this.#emitter.remove(name, listener);
    return this;
  }
}
