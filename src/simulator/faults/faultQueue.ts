import { checkFault } from './checkFault.js';
import type { Fault, FaultAt, Occasion } from './faults.js';

/** Shard and URL of an occasion; null where it has none. */
export interface Place {
  readonly shardId: number | null;
  readonly url: 'gateway' | 'resume' | null;
}

interface Pending {
  readonly fault: Fault;
  /** Occasions it still strikes. */
  times: number;
  /** Occasions it still lets pass first. */
  after: number;
}

/** Faults that are still to come, by occasion, in the order in which they were added. */
export class FaultQueue {
  readonly #pending = new Map<Occasion, Pending[]>();

  /**
   * Adds a fault. The returned function removes it.
   *
   * @throws SimulatorError `INVALID_FAULT` for a fault that {@link checkFault} refuses.
   */
  add(fault: Fault): () => void {
    checkFault(fault);
    const pending = { fault, times: fault.times ?? 1, after: fault.after ?? 0 };
    const list = this.#pending.get(fault.at);
    if (list === undefined) this.#pending.set(fault.at, [pending]);
    else list.push(pending);
    return () => this.#remove(pending);
  }

  /** Returns the first fault that strikes on this occasion, and counts it. */
  take<O extends Occasion>(at: O, place: Place): FaultAt<O> | null {
    const list = this.#pending.get(at);
    if (list === undefined) return null;
    for (const pending of list) {
      if (!strikes(pending.fault, place)) continue;
      if (pending.after > 0) {
        pending.after--;
        continue;
      }
      if (--pending.times === 0) this.#remove(pending);
      return pending.fault as FaultAt<O>;
    }
    return null;
  }

  list(): Fault[] {
    return [...this.#pending.values()].flat().map(({ fault }) => fault);
  }

  clear(): void {
    this.#pending.clear();
  }

  #remove(pending: Pending): void {
    const { at } = pending.fault;
    const rest = this.#pending.get(at)?.filter((other) => other !== pending) ?? [];
    if (rest.length === 0) this.#pending.delete(at);
    else this.#pending.set(at, rest);
  }
}

function strikes(fault: Fault, place: Place): boolean {
  const { shardId, url } = fault as { shardId?: number; url?: string };
  return (shardId === undefined || shardId === place.shardId) && (url === undefined || url === place.url);
}
