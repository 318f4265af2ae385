import type { Shard } from '../index.js';

/** `WebSocketShardStatus` of \@discordjs/ws. */
const Status = { Idle: 0, Connecting: 1, Resuming: 2, Ready: 3 } as const;

type State = Shard['state'];

const STATUS_OF: Readonly<Record<State, number>> = {
  Offline: Status.Idle,
  Disconnected: Status.Idle,
  Connecting: Status.Connecting,
  Identifying: Status.Connecting,
  Resuming: Status.Resuming,
  Connected: Status.Ready,
};

export const statusOf = (state: State): number => STATUS_OF[state];

type Callback<V, R> = (value: V, key: number, collection: StatusCollection<V>) => R;

/**
 * A map with the methods of a `Collection` that libraries call on the status of shards. \@discordjs/collection itself exists
 * in three versions, and a package manager need not let this package see the right one.
 */
export class StatusCollection<V> extends Map<number, V> {
  every(matches: Callback<V, unknown>): boolean {
    return this.#entries().every(([key, value]) => matches(value, key, this));
  }

  some(matches: Callback<V, unknown>): boolean {
    return this.#entries().some(([key, value]) => matches(value, key, this));
  }

  map<R>(transform: Callback<V, R>): R[] {
    return this.#entries().map(([key, value]) => transform(value, key, this));
  }

  filter(matches: Callback<V, unknown>): StatusCollection<V> {
    return new StatusCollection(this.#entries().filter(([key, value]) => matches(value, key, this)));
  }

  mapValues<R>(transform: Callback<V, R>): StatusCollection<R> {
    return new StatusCollection(this.#entries().map(([key, value]) => [key, transform(value, key, this)] as const));
  }

  #entries(): [number, V][] {
    return [...this.entries()];
  }
}
