import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayRequestGuildMembersData, GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import type { Shard } from '../../shard/shard.js';
import type { SendPayload } from '../../shard/sendQueue.js';
import type { Presence } from '../../shard/presence.js';
import { ShardError } from '../../util/errors.js';
import { isRecord } from '../../util/predicates.js';
import { within } from '../../util/within.js';
import type { Courier } from './courier.js';
import { NotRunError } from './workerLost.js';

export interface FleetCommandsDeps {
  readonly courier: Pick<Courier, 'request'>;
  /** Owner of a shard, `WORKER/INSTANCE`; null while no worker has it. */
  readonly ownerOf: (shardId: number) => Promise<string | null>;
  /** The shard, where it runs here. */
  readonly local: (shardId: number) => Shard | undefined;
  /** `WORKER/INSTANCE` of this worker. */
  readonly owner: string;
  /** Why this worker can do nothing any more; null while it can. */
  readonly stopped: () => ShardError | null;
}

/** Options that cross to another worker; a signal stays here and cancels there. */
export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly [name: string]: unknown;
}

/** Commands to one shard, by the names of its members. */
const commands = {
  send: (shard: Shard, payload: unknown, options: CommandOptions) =>
    shard.send(payload as SendPayload, options as object),
  requestGuildMembers: (shard: Shard, request: unknown, options: CommandOptions) =>
    shard.requestGuildMembers(request as GatewayRequestGuildMembersData, options as object),
  updateVoiceState: (shard: Shard, update: unknown, options: CommandOptions) =>
    shard.updateVoiceState(update as GatewayVoiceStateUpdateData, options as object),
  updatePresence: (shard: Shard, presence: unknown, options: CommandOptions) =>
    shard.updatePresence(presence as Presence, options as object),
  reconnect: (shard: Shard) => shard.reconnect(),
};

export type CommandName = keyof typeof commands;

/** Time in which a shard that no worker has finds one. */
const OWNER_LIMIT_MS = 15_000;
const RETRY_MS = 100;

/** Codes with which a shard, or its worker, says that the shard does not run there any more: its next owner is asked. */
const MOVED: ReadonlySet<unknown> = new Set(['CLOSED', 'NOT_OWNED', 'NOT_CONNECTED', 'UNKNOWN_SHARD']);

const isMoved = (error: unknown) =>
  error instanceof NotRunError || (error instanceof ShardError && MOVED.has(error.code));

/** Commands to a shard, wherever it runs. A command whose shard moves before it was sent goes to the next owner. */
export class FleetCommands {
  readonly #deps: FleetCommandsDeps;

  constructor(deps: FleetCommandsDeps) {
    this.#deps = deps;
  }

  /**
   * Runs a command of a shard, here or at its owner.
   * @throws ShardError `UNKNOWN_SHARD` where no worker takes the shard within 15 s, `WORKER_LOST` where its worker is gone and
   * may have run the command or reads no messages for 15 s, `TIMED_OUT` where Redis does not answer and may still carry the
   * command, what the shard throws, and the signal's reason
   */
  async run(
    shardId: number,
    name: CommandName,
    value: unknown,
    { signal, ...options }: CommandOptions = {},
  ): Promise<unknown> {
    const { courier, ownerOf, owner } = this.#deps;
    const end = performance.now() + OWNER_LIMIT_MS;
    let unread: NotRunError | null = null;
    for (;;) {
      signal?.throwIfAborted();
      const stopped = this.#deps.stopped();
      if (stopped !== null) throw stopped;
      const shard = this.#deps.local(shardId);
      try {
        if (shard !== undefined) return await commands[name](shard, value, { ...options, ...(signal && { signal }) });
        const to = await within(OWNER_LIMIT_MS, ownerOf(shardId), 'answer of Redis', signal);
        if (to !== null && to !== owner)
          return await courier.request(to, 'shard', [shardId, name, value, options], signal);
      } catch (error) {
        if (!isMoved(error) || this.#deps.stopped() !== null) throw error;
        unread = error instanceof NotRunError ? error : null;
      }
      if (performance.now() > end) {
        if (unread !== null) throw unread;
        const message = `No worker runs shard ${shardId}. Start one, or look at \`fleet.status()\`.`;
        throw new ShardError('UNKNOWN_SHARD', message, { value: shardId });
      }
      await sleep(RETRY_MS);
    }
  }

  /** Runs a command that another worker sent. */
  async runHere(args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const [shardId, name, value, options] = args;
    const shard = typeof shardId === 'number' ? this.#deps.local(shardId) : undefined;
    if (shard === undefined) {
      throw new ShardError('NOT_OWNED', `Shard ${String(shardId)} does not run at this worker.`, { value: shardId });
    }
    if (!Object.hasOwn(commands, String(name))) {
      throw new ShardError(
        'INVALID_OPTION',
        `This worker knows no command ${String(name)}: all workers need one release.`,
        { value: name },
      );
    }
    return commands[name as CommandName](shard, value, { ...(isRecord(options) && options), signal });
  }
}
