/** What went wrong inside a listener of the user's. */
export type ListenerFailure = (event: string, error: unknown) => void;

type Listener = (value: never) => unknown;

interface Registration {
  readonly listener: Listener;
  readonly once: boolean;
}

/**
 * Calls listeners in the order they were added; what one throws, or its promise rejects with, is reported and
 * disturbs neither the others nor the caller.
 */
export class Emitter<Events extends object> {
  readonly #registrations = new Map<keyof Events, readonly Registration[]>();
  readonly #failed: ListenerFailure;

  constructor(failed: ListenerFailure) {
    this.#failed = failed;
  }

  add<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => unknown, once: boolean): void {
    this.#registrations.set(name, [...(this.#registrations.get(name) ?? []), { listener, once }]);
  }

  remove<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => unknown): void {
    const left = this.#registrations.get(name)?.filter((registration) => registration.listener !== listener) ?? [];
    if (left.length > 0) this.#registrations.set(name, left);
    else this.#registrations.delete(name);
  }

  has(name: keyof Events): boolean {
    return this.#registrations.has(name);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const registrations = this.#registrations.get(name);
    if (registrations === undefined) return;
    for (const { listener, once } of registrations) {
      if (once) this.remove(name, listener as (value: Events[Name]) => unknown);
      try {
        const returned = listener(value as never);
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#failed(String(name), error));
      } catch (error) {
        this.#failed(String(name), error);
      }
    }
  }
}
