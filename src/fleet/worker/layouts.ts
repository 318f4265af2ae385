import type { EventRelay } from '../../manager/eventRelay.js';
import type { BeatAnswer } from '../lease/lease.js';
import { shardOfKey, type ShardKey } from '../shardKey.js';

type Facts = BeatAnswer['fleet'];

/** The numbering of shards in service and the one that is to follow it, as the last beat said. */
export class Layouts {
  readonly #relay: EventRelay;
  #facts: Facts | null = null;
  #isOverlapping = false;

  constructor(relay: EventRelay) {
    this.#relay = relay;
  }

  /** Number of the layout in service; 0 before the first answer. */
  get current(): number {
    return this.#facts?.layout ?? 0;
  }

  get total(): number {
    return this.#facts?.total ?? 0;
  }

  get next(): Facts['next'] {
    return this.#facts?.next ?? null;
  }

  totalOf(key: ShardKey): number {
    const { layout } = shardOfKey(key);
    return this.next?.layout === layout ? this.next.total : this.total;
  }

  isCurrent(key: ShardKey): boolean {
    return shardOfKey(key).layout === this.current;
  }

  /** Takes what a beat says: listeners get the events of the layout in service. */
  take(facts: Facts): void {
    const [before, hadNext] = [this.#facts, this.next !== null];
    this.#facts = facts;
    if (!hadNext && facts.next !== null) {
      this.#relay.begin(setOf(facts), setOf(facts.next));
      this.#isOverlapping = true;
    }
    if (before !== null && facts.layout !== before.layout) {
      if (this.#isOverlapping) this.#relay.switchOver();
    } else if (hadNext && facts.next === null) this.#relay.restart();
  }

  /** The shards of the layout before are gone from here. */
  onOldGone(): void {
    if (!this.#isOverlapping || this.next !== null) return;
    this.#isOverlapping = false;
    this.#relay.end();
  }
}

const setOf = ({ layout, total }: { readonly layout: number; readonly total: number }) => ({
  number: layout,
  total,
  ids: [],
});
