import { randomInt } from 'node:crypto';
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { createActor, type Actor, type InspectionEvent } from 'xstate';
import { shardMachine } from '../../machines/shard.js';
import { slotLogic, type SlotDeps } from '../actors/identifySlot.js';
import type { IdentifyLimiter } from '../identify/limiter.js';
import { sharedInflate, type Compression } from '../actors/inflate/createInflater.js';
import { socketLogic, type SocketDeps } from '../actors/socket.js';
import { storedSessionLogic, type StoredSessionDeps } from '../actors/storedSession.js';
import { createWire, type Wire } from '../actors/wire.js';
import type { RequestDesk } from './requests/answers.js';
import { Delivery } from './dispatcher.js';
import type { Emitter } from '../util/emitter.js';
import type { ShardEvents } from './events.js';
import { createIdentifyLimiter } from '../identify/identifyLimiter.js';
import { redactor, type Logger } from '../util/logger.js';
import type { ResolvedOptions } from './options.js';
import { checkPresence } from './presence.js';
import type { SessionKeeper } from '../sessions/sessionKeeper.js';
import type { Outbox } from './sendQueue.js';
import { flawOfPresence, identifyPayload, resumePayload } from './identifyPayload.js';
import type { Session } from '../protocol/session.js';
import type { GatewayQuery } from '../protocol/url.js';
import { watchable } from './steps.js';
import { within } from '../util/within.js';

/** A shard's chart with its actors, not yet started. */
export interface Assembly {
  readonly actor: Actor<typeof shardMachine>;
  readonly wire: Wire;
}

export interface AssemblyParts {
  readonly emitter: Emitter<ShardEvents>;
  readonly desk: RequestDesk;
  readonly outbox: Outbox;
  readonly keeper: SessionKeeper;
  readonly logger: Logger;
}

/** Said once a process, not once a shard. */
let toldOfMinizlib = false;

/** Puts the chart and its actors together. */
export function assemble(options: ResolvedOptions, assemblyParts: AssemblyParts): Assembly {
  const { logger } = assemblyParts;
  if (options.compression === 'zlib-stream' && !toldOfMinizlib) tellOfMinizlib(logger);
  const actor = createActor(machine, {
    id: `shard ${options.id}`,
    input: {
      shardId: options.id,
      session: options.session,
      asksStore: options.sessionStore !== undefined,
      autoReconnect: options.autoReconnect,
      resumeAttempts: options.resumeAttempts,
      timeouts: options.timeouts,
      backoff: options.backoff,
      seed: randomInt(2 ** 32),
    },
    ...(options.inspect !== undefined && { inspect: guardObserver(options.inspect, logger) }),
  });
  const parts = new ShardParts(options, assemblyParts);
  partsBySystem.set(actor.system, parts);
  return { actor, wire: parts.wire };
}

/**
 * What the socket and the identify slot of one shard ask for. The token ends here: it is in the options, and shown by
 * nothing but IDENTIFY and RESUME.
 */
class ShardParts implements SocketDeps, SlotDeps, StoredSessionDeps {
  readonly wire = createWire();
  readonly sink: Delivery;
  readonly outbox: Outbox;
  readonly limiter: IdentifyLimiter;
  readonly #options: ResolvedOptions;
  readonly #logger: Logger;
  readonly #keeper: SessionKeeper;
  #presence: GatewayPresenceUpdateData | undefined;

  constructor(options: ResolvedOptions, { emitter, desk, outbox, keeper, logger }: AssemblyParts) {
    const { token, events, identifyLimiter = createIdentifyLimiter(), presence } = options;
    this.sink = new Delivery({ emitter, desk, logger, token, events });
    this.outbox = outbox;
    this.limiter = identifyLimiter;
    this.#options = options;
    this.#logger = logger;
    this.#keeper = keeper;
    this.#presence = presence && checkPresence(presence);
  }

  get compression(): Compression {
    return this.#options.compression;
  }

  get closeTimeoutMs(): number {
    return this.#options.timeouts.closeMs;
  }

  get query(): GatewayQuery {
    const { version, compression } = this.#options;
    const isStream = compression === 'zlib-stream' || compression === 'zstd-stream';
    return { version, encoding: 'json', compress: isStream ? compression : null };
  }

  firstUrl(): string | PromiseLike<string> {
    const { url, id } = this.#options;
    return typeof url === 'string' ? url : url(id);
  }

  identify(): string {
    return identifyPayload(this.#options, this.#presence);
  }

  resume(session: Session): string {
    return resumePayload(this.#options.token, session);
  }

  redact(text: string): string {
    return redactor(this.#options.token)(text);
  }

  loadSession(signal: AbortSignal): Promise<Session | null> {
    return this.#keeper.load(signal);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { makePresence, timeouts, id } = this.#options;
    if (makePresence === undefined) return;
    let presence: GatewayPresenceUpdateData | undefined;
    try {
      presence = checkPresence(await within(timeouts.readyMs, makePresence(id)));
    } catch (error) {
      this.#logger.error(`makePresence failed, the bot identifies without a presence: ${String(error)}`);
    }
    if (signal.aborted) return;
    const flaw = presence === undefined ? null : flawOfPresence(this.#options, presence);
    if (flaw !== null) this.#logger.error(`the presence was left out of IDENTIFY: ${flaw}`);
    this.#presence = flaw === null ? presence : undefined;
  }
}

/** What belongs to one shard, by the actor system that is its own. */
const partsBySystem = new WeakMap<object, ShardParts>();

function partsOf(system: object): ShardParts {
  const found = partsBySystem.get(system);
  if (found === undefined) throw new Error('a shard was started before it was assembled');
  return found;
}

/** One for all shards: `provide` builds the whole chart anew, 66 KiB and 2 ms of it. */
const machine = watchable(
  shardMachine.provide({
    actors: {
      socket: socketLogic(partsOf),
      slot: slotLogic(partsOf),
      sessionStore: storedSessionLogic(partsOf),
    },
  }),
);

function tellOfMinizlib(logger: Logger): void {
  const shared = sharedInflate();
  if (!(shared instanceof Error)) return;
  toldOfMinizlib = true;
  logger.info(`WebAssembly cannot be used (${shared.message}): minizlib inflates instead, which takes longer`);
}

/** XState does not catch what an observer throws: it would end the chart. */
function guardObserver(observer: NonNullable<ResolvedOptions['inspect']>, logger: Logger) {
  return (event: InspectionEvent) => {
    try {
      if (typeof observer === 'function') observer(event);
      else observer.next?.(event);
    } catch (error) {
      logger.error(`the inspection observer failed: ${String(error)}`);
    }
  };
}
