import { messageOf } from '../util/messageOf.js';
import type { CommandName, Setup, ShardKey } from './messages.js';
import type { ConnectionAction } from '../simulator/index.js';
import { namedFaults } from '../simulator/faults/namedFaults.js';
import type { FaultySimulator } from './options.js';
import type { WatchedShard } from './live/watched.js';

/** What became of it: begun, or why not. */
export interface ControlAnswer {
  readonly status: 202 | 404 | 409;
  readonly error?: string;
}

/** What a viewer may do to a shard. */
export interface Controls {
  readonly offered: NonNullable<Setup['controls']>;
  run(key: ShardKey, kind: 'commands' | 'faults', name: string): Promise<ControlAnswer>;
}

/** What fails later than this is told to the logger alone. */
const ANSWER_WITHIN_MS = 250;

const commands: Readonly<Record<CommandName, (shard: WatchedShard) => Promise<void>>> = {
  connect: (shard) => shard.connect(),
  reconnect: (shard) => shard.reconnect(),
  reinstantiate: (shard) => shard.reinstantiate(),
  close: (shard) => shard.close(),
};

export interface ControlParts {
  readonly shardOf: (key: ShardKey) => WatchedShard | undefined;
  readonly simulator: FaultySimulator | undefined;
  readonly warn: (message: string) => void;
}

const begun: ControlAnswer = { status: 202 };

/** Commands and, on a simulated gateway, faults. */
export class ShardControls implements Controls {
  readonly offered: NonNullable<Setup['controls']>;
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.offered = {
      commands: Object.keys(commands) as CommandName[],
      faults: parts.simulator === undefined ? [] : Object.keys(namedFaults),
    };
  }

  async run(key: ShardKey, kind: 'commands' | 'faults', name: string): Promise<ControlAnswer> {
    const shard = this.#parts.shardOf(key);
    if (shard === undefined) return { status: 404, error: `There is no shard ${key} here now.` };
    const offered: readonly string[] = this.offered[kind];
    if (!offered.includes(name)) {
      return {
        status: 404,
        error: `There is no ${name} among the ${kind}: there are ${offered.join(', ') || 'none'}.`,
      };
    }
    return kind === 'faults' ? this.#commit(shard, name) : this.#command(shard, name as CommandName);
  }

  #commit({ id }: WatchedShard, name: string): ControlAnswer {
    try {
      const met = this.#parts.simulator?.apply(namedFaults[name] as ConnectionAction, id) ?? 0;
      return met > 0 ? begun : { status: 409, error: `Shard ${id} has no connection that could meet it.` };
    } catch (error) {
      return { status: 409, error: messageOf(error) };
    }
  }

  async #command(shard: WatchedShard, name: CommandName): Promise<ControlAnswer> {
    let isAnswered = false;
    const done = commands[name](shard).then(
      () => begun,
      (error: unknown): ControlAnswer => {
        if (isAnswered) this.#parts.warn(`${name} of shard ${shard.id} failed: ${messageOf(error)}`);
        return { status: 409, error: messageOf(error) };
      },
    );
    const answer = await Promise.race([done, begunAfter(ANSWER_WITHIN_MS)]);
    isAnswered = true;
    return answer;
  }
}

const begunAfter = (ms: number) => new Promise<ControlAnswer>((resolve) => setTimeout(resolve, ms, begun).unref());
