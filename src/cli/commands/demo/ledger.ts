/** Counts of the numbered messages. */
export interface Balance {
  /** Messages that a session took; each of them must arrive once. */
  readonly owed: number;
  /** Messages sent while there was no session, as between op 9 false and the next READY; none of them must arrive. */
  readonly unowed: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  /** Messages that arrived after a later one, or that no session took. */
  readonly misplaced: number;
}

/** Counts the numbered messages of each shard at both ends. */
export class Ledger {
  readonly #owed = new Set<string>();
  readonly #arrivals = new Map<string, number>();
  readonly #latest = new Map<number, number>();
  #unowed = 0;
  #misplaced = 0;

  /** Counts a message that the gateway sent to `sessions` sessions. */
  addSent(shardId: number, n: number, sessions: number): void {
    if (sessions === 0) this.#unowed += 1;
    else this.#owed.add(key(shardId, n));
  }

  /** Counts a message that the shard delivered. */
  addArrival(shardId: number, n: number): void {
    const arrivals = (this.#arrivals.get(key(shardId, n)) ?? 0) + 1;
    this.#arrivals.set(key(shardId, n), arrivals);
    const latest = this.#latest.get(shardId) ?? 0;
    if (!this.#owed.has(key(shardId, n)) || (arrivals === 1 && n < latest)) this.#misplaced += 1;
    this.#latest.set(shardId, Math.max(latest, n));
  }

  /** Highest number that the shard delivered; 0 before the first. */
  latest(shardId: number): number {
    return this.#latest.get(shardId) ?? 0;
  }

  get balance(): Balance {
    const counts = [...this.#arrivals.values()];
    return {
      owed: this.#owed.size,
      unowed: this.#unowed,
      delivered: counts.reduce((sum, count) => sum + count, 0),
      lost: [...this.#owed].filter((message) => !this.#arrivals.has(message)).length,
      doubled: counts.filter((count) => count > 1).length,
      misplaced: this.#misplaced,
    };
  }
}

function key(shardId: number, n: number): string {
  return `${shardId}:${n}`;
}
