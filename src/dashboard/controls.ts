import { messageOf } from '../util/messageOf.js';
import type { CommandName, Setup, ShardKey } from './messages.js';
import type { ConnectionAction } from '../simulator/index.js';
import { namedFaults } from '../simulator/faults/namedFaults.js';
import type { FaultySimulator } from './options.js';
import type { WatchedShard } from './live/watched.js';

/** The answer to a control: accepted, or the reason why not. */
export interface ControlAnswer {
  readonly status: 202 | 404 | 409;
  readonly error?: string;
}

/** The commands and faults that viewers may use. */
export interface Controls {
  readonly offered: NonNullable<Setup['controls']>;
  run(key: ShardKey, kind: 'commands' | 'faults', name: string): Promise<ControlAnswer>;
}

/** A command that fails later than this is reported to the logger; its viewer has the answer "accepted" by then. */
const ANSWER_WITHIN_MS = 250;

const commands: Readonly<Record<CommandName, (shard: WatchedShard) => Promise<void>>> = {
  connect: (shard) => shard.connect(),
  reconnect: (shard) => shard.reconnect(),
  reinstantiate: (shard) => shard.reinstantiate(),
  close: (shard) => shard.close(),
};

export interface ControlDeps {
  readonly shardOf: (key: ShardKey) => WatchedShard | undefined;
  readonly simulator: FaultySimulator | undefined;
  readonly warn: (message: string) => void;
}

const accepted: ControlAnswer = { status: 202 };

/** Runs commands on shards, and faults where the gateway is simulated. */
export class ShardControls implements Controls {
  readonly offered: NonNullable<Setup['controls']>;
  readonly #deps: ControlDeps;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
    this.offered = {
      commands: Object.keys(commands) as CommandName[],
      faults: deps.simulator === undefined ? [] : Object.keys(namedFaults),
    };
  }

  async run(key: ShardKey, kind: 'commands' | 'faults', name: string): Promise<ControlAnswer> {
    const shard = this.#deps.shardOf(key);
    if (shard === undefined)
      return { status: 404, error: `There is no shard ${key} now. Choose one that the page shows.` };
    const offered: readonly string[] = this.offered[kind];
    if (!offered.includes(name)) {
      return {
        status: 404,
        error:
          offered.length === 0
            ? `This dashboard offers no ${kind}.`
            : `There is no ${name} among the ${kind}. Use ${offered.join(', ')}.`,
      };
    }
    return kind === 'faults' ? this.#applyFault(shard, name) : this.#runCommand(shard, name as CommandName);
  }

  #applyFault({ id }: WatchedShard, name: string): ControlAnswer {
    try {
      const met = this.#deps.simulator?.apply(namedFaults[name] as ConnectionAction, id) ?? 0;
      return met > 0
        ? accepted
        : { status: 409, error: `Shard ${id} has no connection that the fault could apply to. Connect it first.` };
    } catch (error) {
      return { status: 409, error: messageOf(error) };
    }
  }

  async #runCommand(shard: WatchedShard, name: CommandName): Promise<ControlAnswer> {
    let isAnswered = false;
    const done = commands[name](shard).then(
      () => accepted,
      (error: unknown): ControlAnswer => {
        if (isAnswered) this.#deps.warn(`${name} of shard ${shard.id} failed: ${messageOf(error)}`);
        return { status: 409, error: messageOf(error) };
      },
    );
    const answer = await Promise.race([done, acceptedAfter(ANSWER_WITHIN_MS)]);
    isAnswered = true;
    return answer;
  }
}

const acceptedAfter = (ms: number) =>
  new Promise<ControlAnswer>((resolve) => setTimeout(resolve, ms, accepted).unref());
