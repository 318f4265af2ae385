import { handled } from '../../util/handled.js';
import type { StreamEntry } from './streamEntries.js';

/** An entry on its way: read, handed out, acknowledged. It ends when Redis has confirmed that. */
export class Delivery {
  /** The entry under its latest id: an event that Redis lost is published again under another. */
  entry: StreamEntry;
  state: 'waiting' | 'handedOut' | 'acknowledged' | 'dropped' = 'waiting';
  /** Resolves when Redis has the acknowledgement. */
  readonly confirmed: Promise<void>;
  #settle!: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor(entry: StreamEntry) {
    this.entry = entry;
    this.confirmed = handled(new Promise((resolve, reject) => (this.#settle = { resolve, reject })));
  }

  confirm(): void {
    this.#settle.resolve();
  }

  fail(error: Error): void {
    this.#settle.reject(error);
  }
}

const nameOf = ({ mark, sequence }: StreamEntry) => `${mark} ${sequence}`;

/** Entries of one stream that this consumer has read and Redis does not know as acknowledged. */
export class Deliveries {
  /** By session and sequence, which stay when an event is published again. */
  readonly #open = new Map<string, Delivery>();
  /** Highest sequence of the latest session: what is not above it was acknowledged, or is open. */
  #last = { mark: '', sequence: 0 };

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes an entry. Null for one that is known: it was read before, and Redis says it again. `isPending`: Redis has it as
   * delivered and not acknowledged. Otherwise an event that this consumer has acknowledged before is acknowledged again.
   */
  take(entry: StreamEntry, isPending: boolean): Delivery | null {
    const known = this.#open.get(nameOf(entry));
    if (known !== undefined) {
      known.entry = entry;
      return null;
    }
    const { mark, sequence } = this.#last;
    const isRepeated = !isPending && entry.mark === mark && entry.sequence <= sequence;
    if (entry.mark !== mark || entry.sequence > sequence) this.#last = { mark: entry.mark, sequence: entry.sequence };
    const delivery = new Delivery(entry);
    if (isRepeated) delivery.state = 'acknowledged';
    this.#open.set(nameOf(entry), delivery);
    return isRepeated ? null : delivery;
  }

  /** Entries that Redis must still learn to be acknowledged. */
  acknowledged(): readonly Delivery[] {
    return [...this.#open.values()].filter(({ state }) => state === 'acknowledged');
  }

  /** Redis knows that this entry is acknowledged. */
  onConfirmed(delivery: Delivery, id: string): void {
    // Published again under another id since: that one is acknowledged next.
    if (delivery.entry.id !== id) return;
    this.#open.delete(nameOf(delivery.entry));
    delivery.confirm();
  }

  /** Forgets what was read and not handed out: it stays pending in Redis. */
  dropWaiting(): void {
    for (const [name, delivery] of this.#open) {
      if (delivery.state !== 'waiting') continue;
      delivery.state = 'dropped';
      this.#open.delete(name);
      // Dropped entries were not acknowledged: none of them may be taken for a repetition.
      this.#last = { mark: '', sequence: 0 };
    }
  }

  fail(error: Error): void {
    for (const delivery of this.#open.values()) delivery.fail(error);
    this.dropWaiting();
  }
}
