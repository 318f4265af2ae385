import type { DispatchEvents, ShardEvents } from '../shard/events.js';
import type { PromiseGuard } from '../shard/promiseGuard.js';
import type { Emitter } from '../util/emitter.js';
import { checkManagerListener } from './eventNames.js';
import { shardEventOf } from './eventRelay.js';
import type { ManagerEvents, ManagerListener } from './events.js';

/** Called with an event and, where the event belongs to a shard, with its id. */
export type ListenerOf<Events, Name extends keyof Events> = Name extends keyof ManagerEvents
  ? ManagerListener<Name>
  : (value: Events[Name], shardId: number) => unknown;

/**
 * Adds and removes the listeners of a manager. Each event that is no dispatch is an overload of `on`, because an editor shows
 * the comment of an overload, and none of an event's name.
 */
export abstract class ManagerListeners<Events extends ManagerEvents = ManagerEvents> {
  readonly #emitter: Emitter<Events>;
  readonly #watch: (event: keyof ShardEvents) => void;
  readonly #guard: PromiseGuard;
  readonly #check: typeof checkManagerListener;

  /** `watch` relays an event of the shards from now on; `check` refuses names that no event has. */
  constructor(
    emitter: Emitter<Events>,
    watch: (event: keyof ShardEvents) => void,
    guard: PromiseGuard,
    check: typeof checkManagerListener = checkManagerListener,
  ) {
    this.#emitter = emitter;
    this.#watch = watch;
    this.#guard = guard;
    this.#check = check;
  }

  /** A shard was created, and has not connected yet. */
  on(name: 'shard', listener: ManagerListener<'shard'>): this;
  /** A shard is Connected, with a new session or with the one it had. */
  on(name: 'connect', listener: ManagerListener<'connect'>): this;
  /** A new session of a shard: READY has been received. */
  on(name: 'ready', listener: ManagerListener<'ready'>): this;
  /** The session of a shard goes on: RESUMED has been received, after `replayed` missed dispatches. */
  on(name: 'resumed', listener: ManagerListener<'resumed'>): this;
  /** Every dispatch of every shard, whole. */
  on(name: 'event', listener: ManagerListener<'event'>): this;
  /** A second name for `event`. */
  on(name: 'dispatch', listener: ManagerListener<'dispatch'>): this;
  /** Every frame received, as the text it came as. */
  on(name: 'raw', listener: ManagerListener<'raw'>): this;
  /** A connection or an attempt at one ended; `decision` says what follows, `error` what the network failed with. */
  on(name: 'close', listener: ManagerListener<'close'>): this;
  /** A second name for `close`. */
  on(name: 'disconnected', listener: ManagerListener<'disconnected'>): this;
  /** The gateway refused a shard for good. Without a listener it goes to the logger. */
  on(name: 'error', listener: ManagerListener<'error'>): this;
  /** A second name for `error`. */
  on(name: 'fatal', listener: ManagerListener<'fatal'>): this;
  /** One step of a shard's life, with the decision that led to it. */
  on(name: 'transition', listener: ManagerListener<'transition'>): this;
  /** A connection is up: HELLO has been received, with the milliseconds between two heartbeats. */
  on(name: 'hello', listener: ManagerListener<'hello'>): this;
  /** A heartbeat was acknowledged, after `latency` milliseconds. */
  on(name: 'heartbeat', listener: ManagerListener<'heartbeat'>): this;
  /** No event for as long as the option `quiet` says, though heartbeats are acknowledged. Once a silence. */
  on(name: 'quiet', listener: ManagerListener<'quiet'>): this;
  /** A frame that was not what the protocol allows. It was skipped, or its connection dropped and resumed. */
  on(name: 'malformed', listener: ManagerListener<'malformed'>): this;
  /** The day's identifies are spent, or shards have identified again too often: those that need one wait until `resetAt`. */
  on(name: 'exhausted', listener: ManagerListener<'exhausted'>): this;
  /** Identifies are available again. */
  on(name: 'renewed', listener: ManagerListener<'renewed'>): this;
  /** One line on what a shard does, for a human. */
  on(name: 'debug', listener: ManagerListener<'debug'>): this;
  /** A dispatch of this name: its data, `d`, and the id of its shard. */
  on<Name extends keyof DispatchEvents>(name: Name, listener: ManagerListener<Name>): this;
  /**
   * Adds a listener that gets the event and the id of its shard. A listener that throws is reported to the logger, and
   * disturbs nothing else.
   * @throws ShardError `INVALID_OPTION` for a name that no event has, and for a listener that is not a function
   */
  on<Name extends keyof Events>(name: Name, listener: ListenerOf<Events, Name>): this;
  on(name: keyof Events, listener: (...event: never[]) => unknown): this {
    return this.#listen(name, listener as never, false);
  }

  /** Adds a listener for the next event of this name only. */
  once<Name extends keyof Events>(name: Name, listener: ListenerOf<Events, Name>): this {
    return this.#listen(name, listener, true);
  }

  /** Removes a listener. */
  off<Name extends keyof Events>(name: Name, listener: ListenerOf<Events, Name>): this {
    this.#guard.check(() => this.#check(name, listener));
    this.#emitter.remove(name, listener as never);
    return this;
  }

  #listen<Name extends keyof Events>(name: Name, listener: ListenerOf<Events, Name>, once: boolean): this {
    this.#guard.check(() => this.#check(name, listener));
    this.#emitter.add(name, listener as never, once);
    const event = shardEventOf(name as keyof ManagerEvents);
    if (event !== null) this.#watch(event);
    return this;
  }
}
