/** What went wrong inside a listener of the user's. */
export type ListenerFailure = (event: string, error: unknown) => void;

/** A listener of the user's: told a value and, by a manager, the id of the shard it is from. */
type Listener<Value> = (value: Value, ...shardId: never[]) => unknown;

interface Registration {
  readonly listener: Listener<never>;
  readonly once: boolean;
  /** Once has been. */
  spent: boolean;
}

/**
 * Calls listeners in the order they were added; what one throws, or its promise rejects with, is reported and
 * disturbs neither the others nor the caller.
 */
export class Emitter<Events extends object> {
  /** None before the first listener: most emitters of an idle shard never have one. */
  #registrations: Map<keyof Events, readonly Registration[]> | null = null;
  readonly #failed: ListenerFailure;

  constructor(failed: ListenerFailure) {
    this.#failed = failed;
  }

  add<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>, once: boolean): void {
    // Not spread: an array that is keeps room for sixteen more.
    this.#set(name, (this.#registrations?.get(name) ?? []).concat({ listener, once, spent: false }));
  }

  remove<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#keep(name, (registration) => registration.listener !== listener);
  }

  /** Adds a listener; the function it returns takes it away again. */
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
        if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') {
          Promise.resolve(returned).catch((error: unknown) => this.#failed(String(name), error));
        }
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
