import { onRejection } from './onRejection.js';

/** Receives the error that a listener threw, or its promise rejected with. */
export type ListenerFailure = (event: string, error: unknown) => void;

/** A user's listener: takes the event's value and, from a manager, the id of its shard. */
type Listener<Value> = (value: Value, ...shardId: never[]) => unknown;

interface Registration {
  readonly listener: Listener<never>;
  readonly once: boolean;
  /** True after a `once` listener was called. */
  spent: boolean;
}

/**
 * Calls listeners in the order they were added. An error that one throws, or its promise rejects with, is reported and
 * disturbs neither the other listeners nor the caller.
 */
export class Emitter<Events extends object> {
  /** Null before the first listener: most emitters of an idle shard never have one. */
  #registrations: Map<keyof Events, readonly Registration[]> | null = null;
  readonly #failed: ListenerFailure;

  constructor(failed: ListenerFailure) {
    this.#failed = failed;
  }

  add<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>, once: boolean): void {
    // `concat` allocates exactly; a spread array reserves room for sixteen more elements.
    this.#set(name, (this.#registrations?.get(name) ?? []).concat({ listener, once, spent: false }));
  }

  remove<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#keep(name, (registration) => registration.listener !== listener);
  }

  /** Adds a listener. Returns a function that removes it. */
  listen<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    this.add(name, listener, false);
    return () => this.remove(name, listener);
  }

  has(name: keyof Events): boolean {
    return this.#registrations?.has(name) ?? false;
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name], shardId?: number): void {
    const registrations = this.#registrations?.get(name);
    if (registrations === undefined) return;
    for (const registration of registrations) {
      if (registration.once) {
        // A listener before this one may have emitted the same event.
        if (registration.spent) continue;
        registration.spent = true;
        this.#keep(name, (other) => other !== registration);
      }
      try {
        const { listener } = registration;
        const returned = shardId === undefined ? listener(value as never) : listener(value as never, shardId as never);
        if (returned !== undefined) onRejection(returned, (error) => this.#failed(String(name), error));
      } catch (error) {
        this.#failed(String(name), error);
      }
    }
  }

  #keep(name: keyof Events, wanted: (registration: Registration) => boolean): void {
    this.#set(name, (this.#registrations?.get(name) ?? []).filter(wanted));
  }

  #set(name: keyof Events, registrations: readonly Registration[]): void {
    if (registrations.length > 0) (this.#registrations ??= new Map()).set(name, registrations);
    else this.#registrations?.delete(name);
  }
}
