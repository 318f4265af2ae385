import { randomInt } from 'node:crypto';
import { createActor, type Actor, type InspectionEvent } from 'xstate';
import { shardMachine } from '../../machines/shard.js';
import { slotLogic } from '../actors/identifySlot.js';
import { sharedInflate, type ZlibImplementation } from '../actors/inflate/createInflater.js';
import { socketLogic } from '../actors/socket.js';
import { storedSessionLogic } from '../actors/storedSession.js';
import type { Wire } from '../actors/wire.js';
import { SessionKeeper } from '../sessions/sessionKeeper.js';
import { identityOf } from '../protocol/identity.js';
import { Emitter } from '../util/emitter.js';
import { ShardError } from '../util/errors.js';
import { GuardedLogger, type Logger } from '../util/logger.js';
import { messageOf } from '../util/messageOf.js';
import { onRejection } from '../util/onRejection.js';
import { explainUnsettledAwait } from '../util/unsettledAwait.js';
import { Waiters } from '../util/waiters.js';
import { ActorDeps, bindDeps, depsOf } from './actorDeps.js';
import { Commands } from './commands.js';
import { warningOf } from './eventNames.js';
import type { ShardEvents } from './events.js';
import { keepLastEvents } from './lastEvent.js';
import { describeLosses } from './losses.js';
import { ShardObserver } from './observer.js';
import type { ResolvedOptions } from './options.js';
import { PromiseGuard } from './promiseGuard.js';
import { PendingRequests, userIdOf } from './requests/pendingRequests.js';
import { SendQueue, type SendOptions, type SendPayload } from './sendQueue.js';

/** Everything one shard is made of, not yet started. */
export interface Assembly {
  readonly actor: Actor<typeof shardMachine>;
  readonly wire: Wire;
  readonly emitter: Emitter<ShardEvents>;
  readonly requests: PendingRequests;
  readonly sendQueue: SendQueue;
  readonly observer: ShardObserver;
  readonly commands: Commands;
  /** Stands around every promise that the public face returns. */
  readonly guard: PromiseGuard;
  readonly logger: GuardedLogger;
  /** How often a listener has thrown or rejected. */
  readonly listenerErrors: number;
  /** Queues a payload. Rejects where the shard is Offline. */
  send(payload: SendPayload, options?: SendOptions): Promise<void>;
}

export interface AssembleOptions {
  /** True for a shard that a manager connects when its turn comes: payloads wait from its creation on. Default false. */
  readonly takesEarly?: boolean;
}

const notConnected = (id: number) =>
  new ShardError('NOT_CONNECTED', `Shard ${id} is Offline, and nothing has told it to come up. Call connect() first.`);

/** Puts the chart, its actors and what follows the chart together. */
export function assemble(options: ResolvedOptions, { takesEarly = false }: AssembleOptions = {}): Assembly {
  const logger = new GuardedLogger(`shard ${options.id}`, { ...options, fields: { shard: options.id } });
  if (options.compression === 'zlib-stream') reportFallback(options.zlib, logger);
  for (const name of options.events ?? []) {
    const warning = warningOf(name);
    if (warning !== null) logger.announce(warning);
  }
  const guard = new PromiseGuard(options.token, logger);
  let listenerErrors = 0;
  const failed = (event: string, error: unknown) => {
    listenerErrors += 1;
    logger.failure(`a listener of "${event}" failed`, error, { event });
  };
  const send = async (payload: SendPayload, sendOptions?: SendOptions) => {
    const down = commands.downForGood();
    if (down !== null) {
      guard.report(down);
      throw down;
    }
    return sendQueue.send(payload, sendOptions);
  };
  const emitter = new Emitter<ShardEvents>(failed);
  const offline = () => (!takesEarly && commands.isOffline ? notConnected(options.id) : null);
  const requests = new PendingRequests({
    send,
    refusal: () => commands.downForGood() ?? offline(),
    userId: userIdOf(options.token),
    intents: options.intents,
    failed,
  });
  const identity = identityOf(options.intents, options.id, options.total);
  const keeper = new SessionKeeper(options.sessionStore, identity, (message) => logger.error(message));
  const sendQueue = new SendQueue(options.queueMax, {
    refusal: offline,
    queue: (ticket) => commands.send({ type: 'send', ticket }),
    cancel: (id) => commands.send({ type: 'send.cancel', id }),
  });
  const actor = createShardActor(options, logger);
  const deps = new ActorDeps(options, { emitter, requests, sendQueue, keeper, logger });
  bindDeps(actor.system, deps);
  const waiters = { connected: new Waiters(), offline: new Waiters() };
  const rejectPending = (error: unknown) => {
    const unsent = sendQueue.rejectAll(error);
    const losses = describeLosses(unsent, requests.rejectAll(error));
    if (losses !== null) logger.warn(`${losses}: ${messageOf(error)}`);
  };
  const { wire } = deps;
  const observer = new ShardObserver({
    actor,
    wire,
    emitter,
    rejectPending,
    keeper,
    waiters,
    logger,
    identifiedWith: options,
  });
  const commands = new Commands({
    actor,
    waiters,
    rejectPending,
    fatal: () => observer.fatal,
    flushed: () => keeper.flushed(options.timeouts.closeMs),
  });
  explainUnsettledAwait(commands);
  return {
    actor,
    wire,
    emitter,
    requests,
    sendQueue,
    observer,
    commands,
    guard,
    logger,
    send,
    get listenerErrors() {
      return listenerErrors;
    },
  };
}

function createShardActor(options: ResolvedOptions, logger: Logger): Actor<typeof shardMachine> {
  return createActor(machine, {
    id: `shard ${options.id}`,
    input: {
      shardId: options.id,
      session: options.session,
      asksStore: options.sessionStore !== undefined,
      autoReconnect: options.autoReconnect,
      resumeAttempts: options.resumeAttempts,
      timeouts: options.timeouts,
      backoff: options.backoff,
      quiet: options.quiet ?? null,
      seed: randomInt(2 ** 32),
    },
    ...(options.inspect !== undefined && { inspect: guardObserver(options.inspect, logger) }),
  });
}

/** One for all shards: `provide` builds another chart, which takes 66 KiB and 2 ms. */
const machine = keepLastEvents(
  shardMachine.provide({
    actors: {
      socket: socketLogic(depsOf),
      slot: slotLogic(depsOf),
      sessionStore: storedSessionLogic(depsOf),
    },
  }),
);

/** Once a process, not once a shard. */
let hasReportedFallback = false;

function reportFallback(zlib: ZlibImplementation, logger: Logger): void {
  const shared = hasReportedFallback || zlib === 'wasm' ? null : sharedInflate();
  if (!(shared instanceof Error)) return;
  hasReportedFallback = true;
  logger.info(`WebAssembly cannot be used (${shared.message}): ${zlib} inflates instead, which takes longer`);
}

/** XState does not catch what an observer throws: it would end the chart. */
function guardObserver(observer: NonNullable<ResolvedOptions['inspect']>, logger: Logger) {
  const onFailure = (error: unknown) => logger.error(`the inspection observer failed: ${messageOf(error)}`);
  return (event: InspectionEvent) => {
    try {
      onRejection(typeof observer === 'function' ? observer(event) : observer.next?.(event), onFailure);
    } catch (error) {
      onFailure(error);
    }
  };
}
