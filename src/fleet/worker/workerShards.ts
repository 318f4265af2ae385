import { fromCallback, type EventObject } from 'xstate';
import type { ShardsCommand, ShardsReport } from '../../../machines/worker.js';
import type { Logger } from '../../util/logger.js';
import { stackOf } from '../../util/messageOf.js';
import type { Held } from '../lease/lease.js';
import { shardOfKey, type ShardKey } from '../shardKey.js';
import type { ShardOwner } from './shardOwner.js';

export interface WorkerShardsDeps {
  /** Makes the owner of a shard; `report` tells the worker's chart. */
  readonly own: (key: ShardKey, epoch: number, report: (report: ShardsReport) => void) => ShardOwner;
  readonly logger: Logger;
}

/** The shards that a worker owns. The actor `shards` of the worker's chart. */
export class WorkerShards {
  readonly owners = new Map<ShardKey, ShardOwner>();
  readonly #deps: WorkerShardsDeps;
  #send: (report: ShardsReport) => void = () => {};

  constructor(deps: WorkerShardsDeps) {
    this.#deps = deps;
  }

  /** The shards, for the next beat. */
  held(): Held[] {
    return [...this.owners.values()].map(({ key, epoch, isUp, isStarting }) => ({ key, epoch, isUp, isStarting }));
  }

  logic() {
    return fromCallback<ShardsCommand, undefined, ShardsReport & EventObject>(({ sendBack, receive }) => {
      this.#send = sendBack;
      receive((command) => {
        // A throw here would stop this actor, and leave its shards without a chart.
        try {
          this.#carryOut(command);
        } catch (error) {
          const { logger } = this.#deps;
          logger.error(`${command.type} failed, which is a bug in shardchart; please report it: ${stackOf(error)}`);
        }
      });
      return () => {
        for (const owner of this.owners.values()) owner.drop();
      };
    });
  }

  #carryOut(command: ShardsCommand): void {
    const owners = [...this.owners.values()];
    switch (command.type) {
      case 'shards.own':
        return this.#own(command);
      case 'shards.hold':
        return owners.forEach((owner) => owner.send({ type: 'lease.cut' }));
      case 'shards.give':
        return owners.forEach((owner) => owner.send({ type: 'shard.give' }));
      case 'shards.drop':
        return owners.forEach((owner) => owner.send({ type: 'lease.lost' }));
    }
  }

  #own({ owned, give }: Extract<ShardsCommand, { type: 'shards.own' }>): void {
    const epochs = new Map(owned.map(({ key, epoch }) => [key as ShardKey, epoch]));
    for (const [key, owner] of this.owners) {
      const epoch = epochs.get(key);
      owner.send(epoch === undefined ? { type: 'lease.lost' } : { type: 'lease.confirmed', epoch });
    }
    for (const key of give) this.owners.get(key as ShardKey)?.send({ type: 'shard.give' });
    // In the order of their ids, for so they identify.
    const byId = [...epochs].toSorted(([one], [other]) => shardOfKey(one).id - shardOfKey(other).id);
    for (const [key, epoch] of byId) {
      if (this.owners.has(key) || give.includes(key)) continue;
      this.owners.set(
        key,
        this.#deps.own(key, epoch, (report) => {
          if (report.type === 'shard.gone') this.owners.delete(key);
          this.#send(report);
        }),
      );
    }
  }
}
