import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { SlotDeps } from '../actors/identifySlot.js';
import type { Compression, ZlibImplementation } from '../actors/inflate/createInflater.js';
import type { SocketDeps } from '../actors/socket.js';
import type { StoredSessionDeps } from '../actors/storedSession.js';
import { createWire } from '../actors/wire.js';
import { createIdentifyLimiter } from '../identify/identifyLimiter.js';
import type { IdentifyLimiter } from '../identify/limiter.js';
import type { Session } from '../protocol/session.js';
import type { GatewayQuery } from '../protocol/url.js';
import type { SessionKeeper } from '../sessions/sessionKeeper.js';
import type { Emitter } from '../util/emitter.js';
import type { Logger } from '../util/logger.js';
import { redactor } from '../util/redactor.js';
import { within } from '../util/within.js';
import { Dispatcher } from './dispatcher.js';
import type { ShardEvents } from './events.js';
import { flawOfPresence, identifyPayload, resumePayload } from './identifyPayload.js';
import type { ResolvedOptions } from './options.js';
import { connectionOptions } from './network.js';
import { checkPresence } from './presence.js';
import type { PendingRequests } from './requests/pendingRequests.js';
import type { SendQueue } from './sendQueue.js';
import { messageOf } from '../util/messageOf.js';

/** Parts of the shard that its actors work with. */
export interface Collaborators {
  readonly emitter: Emitter<ShardEvents>;
  readonly requests: PendingRequests;
  readonly sendQueue: SendQueue;
  readonly keeper: SessionKeeper;
  readonly logger: Logger;
}

/**
 * Everything the actors of one shard need beyond their input. The token ends here: it is in the options, and leaves in
 * IDENTIFY and RESUME alone.
 */
export class ActorDeps implements SocketDeps, SlotDeps, StoredSessionDeps {
  readonly wire = createWire();
  readonly sink: Dispatcher;
  readonly payloads: SendQueue;
  readonly limiter: IdentifyLimiter;
  readonly #options: ResolvedOptions;
  readonly #logger: Logger;
  readonly #keeper: SessionKeeper;
  #presence: GatewayPresenceUpdateData | undefined;
  #knownUrl: string | null = null;

  constructor(options: ResolvedOptions, { emitter, requests, sendQueue, keeper, logger }: Collaborators) {
    const { token, events, identifyLimiter = ownLimiter(options, logger), presence } = options;
    this.sink = new Dispatcher({ emitter, requests, logger, token, events });
    this.payloads = sendQueue;
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

  get zlib(): ZlibImplementation {
    return this.#options.zlib;
  }

  get trustedHosts(): readonly string[] {
    return this.#options.trustedHosts;
  }

  get query(): GatewayQuery {
    const { version, compression } = this.#options;
    const isStream = compression === 'zlib-stream' || compression === 'zstd-stream';
    return { version, encoding: 'json', compress: isStream ? compression : null };
  }

  /** A resume does not wait for an address that may not be told now. */
  async firstUrl(isForResume: boolean): Promise<string> {
    const { url, id } = this.#options;
    if (typeof url === 'string') return url;
    if (isForResume && this.#knownUrl !== null) return this.#knownUrl;
    return (this.#knownUrl = await url(id));
  }

  network(url: string): object {
    return connectionOptions(this.#options.network, url);
  }

  /** With the presence that was set last. `makePresence` is asked for every identify, and wins. */
  identify(): string {
    const { presence } = this.payloads;
    if (presence !== null && this.#options.makePresence === undefined) this.#show(presence);
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

  onCancelFailed(error: unknown): void {
    this.#logger.warn(`the identify limiter could not cancel a grant: ${messageOf(error)}`);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { makePresence, timeouts, id } = this.#options;
    if (makePresence === undefined) return;
    let presence: GatewayPresenceUpdateData | undefined;
    try {
      presence = checkPresence(await within(timeouts.readyMs, makePresence(id)));
    } catch (error) {
      this.#logger.error(`makePresence failed, the bot identifies without a presence: ${messageOf(error)}`);
    }
    if (!signal.aborted) this.#show(presence);
  }

  #show(presence: GatewayPresenceUpdateData | undefined): void {
    const flaw = presence === undefined ? null : flawOfPresence(this.#options, presence);
    if (flaw !== null) this.#logger.error(`the presence was left out of IDENTIFY: ${flaw}`);
    this.#presence = flaw === null ? presence : undefined;
  }
}

/** The limiter of a shard that was given none: it reports to the shard's log, and keeps identifies in the shard's store. */
function ownLimiter({ sessionStore }: ResolvedOptions, logger: Logger): IdentifyLimiter {
  const onError = (message: string) => logger.error(message);
  const limiter = createIdentifyLimiter({ ...(sessionStore && { sessionStore }), onError });
  limiter.allowance.on('allowance.exhausted', () => {
    const until = new Date(limiter.nextAt ?? Date.now()).toISOString();
    logger.warn(
      `the shard has identified too often: the next IDENTIFY leaves at ${until}. Discord resets the token of a bot that spends its day's identifies`,
    );
  });
  return limiter;
}

/*
 * A side door into XState: an actor's logic is handed its actor system, which has no room for what belongs to one shard. One
 * machine serves all shards (`provide` builds a machine of 66 KiB in 2 ms), so that what differs is found by the system.
 * test/sideDoors/actorDeps.test.ts fails when a system is no longer one object for an actor and all its children.
 */
const depsBySystem = new WeakMap<object, ActorDeps>();

export function bindDeps(system: object, deps: ActorDeps): void {
  depsBySystem.set(system, deps);
}

export function depsOf(system: object): ActorDeps {
  const deps = depsBySystem.get(system);
  if (deps === undefined) throw new Error('a shard was started before it was assembled');
  return deps;
}
