interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Promises of what a shard is to reach. */
export class Milestones {
  #connected: Waiter[] = [];
  #offline: (() => void)[] = [];

  connected(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => this.#connected.push({ resolve, reject }));
    connected.catch(() => {});
    return connected;
  }

  offline(): Promise<void> {
    return new Promise((resolve) => this.#offline.push(resolve));
  }

  reachedConnected(): void {
    for (const { resolve } of this.#take()) resolve();
  }

  /** Offline, or on the way up again, which whoever waited for Offline must not wait out. */
  leftDown(): void {
    const waiting = this.#offline;
    this.#offline = [];
    for (const resolve of waiting) resolve();
  }

  failed(error: unknown): void {
    for (const { reject } of this.#take()) reject(error);
  }

  #take(): Waiter[] {
    const waiting = this.#connected;
    this.#connected = [];
    return waiting;
  }
}
