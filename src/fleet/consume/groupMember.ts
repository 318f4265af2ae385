import type { FleetKeys } from '../keys.js';
import type { Scripts } from '../redis/script.js';
import { keyOfShard, type ShardKey } from '../shardKey.js';
import { leaveGroupScript, shareScript, type ShareAnswer } from './groupScripts.js';

export interface GroupMemberDeps {
  readonly scripts: Scripts;
  readonly keys: FleetKeys;
  readonly group: string;
  /** `CONSUMER/INSTANCE` */
  readonly member: string;
  /** A member that was not heard of for so long is gone. */
  readonly ttlMs: number;
  /** Where a group begins that does not exist yet: `$` is the end of a stream. */
  readonly begin: '$' | '0';
}

/** Streams of one member of a consumer group. */
export interface StreamShare {
  readonly owned: readonly ShardKey[];
  /** Streams among the owned ones that another member waits for. */
  readonly give: readonly ShardKey[];
}

/** Runs of the script until it is given the layouts that Redis has: they change once in a reshard. */
const MAX_RUNS = 4;

/** A member of a consumer group: says which streams it reads, and learns which it shall read. */
export class GroupMember {
  readonly #deps: GroupMemberDeps;
  readonly #name: string;
  /** Layouts as the script writes them. */
  #layouts = '';
  /** A group that was here once is not new: a Redis that came back empty has events for it. */
  #begin: '$' | '0';

  constructor(deps: GroupMemberDeps) {
    this.#deps = deps;
    this.#name = `${deps.member} ${deps.ttlMs}`;
    this.#begin = deps.begin;
  }

  /** Says that this member reads these streams and no other. Rejects as {@link Scripts.run} does. */
  async beat(held: readonly ShardKey[]): Promise<StreamShare> {
    for (let run = 0; run < MAX_RUNS; run += 1) {
      const answer = await this.#share(held);
      if (answer[0] === 'streams') {
        this.#begin = '0';
        return { owned: answer[1].map(String), give: answer[2].map(String) };
      }
      this.#layouts = String(answer[1]);
    }
    return { owned: held, give: [] };
  }

  async leave(): Promise<void> {
    const { scripts, keys, group } = this.#deps;
    await scripts.run(leaveGroupScript, [keys.group(group), keys.members(group)], [this.#name]);
  }

  async #share(held: readonly ShardKey[]): Promise<ShareAnswer> {
    const { scripts, keys, group, ttlMs } = this.#deps;
    const shards = shardsOf(this.#layouts);
    const answer = await scripts.run(
      shareScript,
      [keys.fleet, keys.owners, keys.group(group), keys.members(group), ...shards.map(keys.stream)],
      [this.#name, ttlMs, group, this.#begin, this.#layouts, shards.length, ...shards, ...held],
    );
    return answer as ShareAnswer;
  }
}

/** All shards of layouts such as `1 8,2 16`. */
function shardsOf(layouts: string): ShardKey[] {
  return layouts.split(',').flatMap((text) => {
    const [layout = 0, total = 0] = text.split(' ').map(Number);
    return Array.from({ length: total }, (_, id) => keyOfShard(layout, id));
  });
}
