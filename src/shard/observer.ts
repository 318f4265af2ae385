import type { Actor } from 'xstate';
import { lifecycleOf, type Lifecycle, type ShardSnapshot } from '../../machines/lifecycle.js';
import type { shardMachine } from '../../machines/shard.js';
import type { Wire } from '../actors/wire.js';
import { Ring } from '../util/ring.js';
import type { Emitter } from '../util/emitter.js';
import type { ShardEvents, TransitionRecord } from './events.js';
import type { GuardedLogger } from '../util/logger.js';
import { noSession, type ShardWaiters } from './commands.js';
import { adviceFor, type IdentifiedWith } from '../protocol/advice.js';
import { causes, type Decision } from '../protocol/decision.js';
import { FatalShardError, ShardError } from '../util/errors.js';
import { levelOf } from './logLevel.js';
import { unreachableWarnings } from './unreachableWarnings.js';
import { safeSends } from '../protocol/sendLimit.js';
import { advanceSession } from '../protocol/session.js';
import type { SessionKeeper } from '../sessions/sessionKeeper.js';
import { watchSteps, type ChartEvent, type Step, type StepWatcher } from './steps.js';
import { recordOf } from './transitionRecord.js';
import { messageOf } from '../util/messageOf.js';

/** How many records `shard.history` keeps: hours of an ordinary life, or all of a bad night's last minutes. */
export const HISTORY_LENGTH = 50;

/** Fewer payloads a minute than this are said in the log. */
const FEW_SENDS = 10;

export interface ShardObserverDeps {
  readonly actor: Actor<typeof shardMachine>;
  readonly wire: Wire;
  readonly emitter: Emitter<ShardEvents>;
  /** Rejects what waits to be sent or answered. */
  readonly rejectPending: (error: unknown) => void;
  readonly keeper: SessionKeeper;
  readonly waiters: ShardWaiters;
  readonly logger: GuardedLogger;
  readonly identifiedWith: IdentifiedWith;
}

/** Follows the chart and never leads it: makes events, log lines, settled promises and saved sessions of its steps. */
export class ShardObserver implements StepWatcher {
  readonly #deps: ShardObserverDeps;
  readonly history = new Ring<TransitionRecord>(HISTORY_LENGTH);
  latency: number | null = null;
  lastBeatAt: number | null = null;
  lastAckAt: number | null = null;
  #toldFewSends = false;
  /** When READY of the last IDENTIFY is late. */
  #readyDueAt = Infinity;
  /** Session of the last step. */
  #session: TransitionRecord['session'] = null;
  /** Why the shard is down for good. */
  fatal: FatalShardError | null = null;

  constructor(deps: ShardObserverDeps) {
    this.#deps = deps;
    watchSteps(deps.actor, this);
    // `ready` and `resumed` follow once the chart has taken READY and RESUMED: the shard is Connected by then.
    const { actor, emitter } = deps;
    const isConnected = () => lifecycleOf(actor.getSnapshot()) === 'Connected';
    emitter.add('READY', (data) => isConnected() && emitter.emit('ready', data), false);
    emitter.add(
      'RESUMED',
      () => isConnected() && emitter.emit('resumed', { replayed: actor.getSnapshot().context.replayed }),
      false,
    );
  }

  onEvent(event: ChartEvent, snapshot: ShardSnapshot, before: ShardSnapshot): void {
    switch (event.type) {
      case 'heartbeat.due':
        this.lastBeatAt = Date.now();
        return;
      case 'gateway.hello':
        if ('heartbeatIntervalMs' in event) this.#hello(event.heartbeatIntervalMs);
        return;
      case 'gateway.acknowledged':
        if ('latencyMs' in event) this.#acknowledged(event.latencyMs, snapshot);
        if (snapshot !== before && (isQuiet(snapshot) || isDecided(snapshot, before))) this.#quiet();
        return;
      case 'slot.granted':
        this.#readyDueAt = Date.now() + snapshot.context.timeouts.readyMs;
        return;
      case 'store.failed':
        if ('reason' in event) this.#withoutStore(`could not be read: ${event.reason}`);
        return;
    }
    if (event.type.startsWith('xstate.after.store.')) this.#withoutStore('has not answered in time');
  }

  #hello(interval: number): void {
    const { emitter, logger } = this.#deps;
    const sends = safeSends(interval);
    if (sends < FEW_SENDS && !this.#toldFewSends) {
      this.#toldFewSends = true;
      logger.warn(
        `The gateway wants a heartbeat every ${interval} ms, which leaves ${sends} of 120 payloads a minute for yours: what you send waits long. Take 1 500 ms or more in tests that send.`,
        { event: 'few.sends', interval, sends },
      );
    }
    emitter.emit('hello', { interval });
  }

  #acknowledged(latency: number, snapshot: ShardSnapshot): void {
    const ackAt = Date.now();
    this.latency = latency;
    this.lastAckAt = ackAt;
    if (isAlive(snapshot) && ackAt >= this.#readyDueAt) this.#readyIsLate(snapshot);
    this.#deps.emitter.emit('heartbeat', { latency, sentAt: Math.round(ackAt - latency), ackAt });
    this.#save(snapshot);
  }

  /** Once an IDENTIFY. */
  #readyIsLate({ context: { timeouts } }: ShardSnapshot): void {
    this.#readyDueAt = Infinity;
    this.#deps.logger.warn(
      `READY is late: none after ${timeouts.readyMs} ms, though heartbeats are acknowledged. Discord is slow; the shard waits ` +
        `up to ${timeouts.readyMaxMs} ms for it, because another IDENTIFY would only cost one of the day's.`,
      { event: 'ready.late' },
    );
  }

  #quiet(): void {
    const { emitter, logger, wire } = this.#deps;
    const lastDispatchAt = wire.stats.lastDispatchAt ?? Date.now();
    logger.warn(`No event since ${new Date(lastDispatchAt).toISOString()}, though heartbeats are acknowledged.`, {
      event: 'quiet',
      lastDispatchAt,
    });
    emitter.emit('quiet', { lastDispatchAt });
  }

  #withoutStore(why: string): void {
    this.#deps.logger.error(`the session store ${why}; the shard goes on without a stored session`);
  }

  onStep(step: Step): void {
    const { emitter, wire } = this.#deps;
    const { snapshot, from, to, decision } = step;
    if (from !== to || decision?.action === 'fatal') this.#settle(step);
    const record = recordOf(step, Date.now(), wire.sequence);
    this.history.push(record);
    this.#save(snapshot);
    this.#log(record);
    emitter.emit('transition', record);
    // A shard that only waited for the session store had no connection to lose.
    if (!isLeft(from) && isLeft(to) && wire.connection !== null) {
      const { error } = wire;
      emitter.emit('disconnected', { code: decision?.code ?? null, reason: decision?.reason ?? '', error, decision });
    }
    if (decision?.action === 'fatal' && this.fatal !== null) emitter.emit('fatal', this.fatal);
  }

  /** The chart hears of the sequence when it needs it; the socket knows it now. */
  #save({ context }: ShardSnapshot): void {
    const { keeper, wire } = this.#deps;
    keeper.save(advanceSession(context.session, wire.sequence));
  }

  /** Promises are settled before events are emitted: a call in a listener must not be settled by the step it was called in. */
  #settle({ to, snapshot }: Step): void {
    const { waiters, keeper, actor, wire } = this.#deps;
    const decision = snapshot.context.lastDecision;
    if (to === 'Connected') {
      keeper.start(() => advanceSession(actor.getSnapshot().context.session, wire.sequence));
      waiters.connected.resolve();
    } else keeper.stop();
    if (to === 'Connecting' || to === 'Offline') waiters.offline.resolve();
    if (snapshot.matches({ Offline: 'fatal' })) this.#fail(fatalError(decision, this.#deps.identifiedWith));
    else if (to === 'Offline') {
      waiters.connected.reject(decision?.reason === causes.noSession.reason ? noSession() : closed(decision));
    }
  }

  #fail(error: FatalShardError): void {
    const { waiters, rejectPending, emitter, logger } = this.#deps;
    this.fatal = error;
    waiters.connected.reject(error);
    rejectPending(error);
    if (!logger.isDefault) logger.error(error.message);
    // Without a logger it is a warning of the process: superfluous where the user listens to `fatal`, or where the rejection of
    // connect() ends the process, which happens before the next turn of the event loop.
    else if (!emitter.has('fatal')) setImmediate(() => logger.error(error.message));
  }

  #log(record: TransitionRecord): void {
    const { from, to, event, decision, session } = record;
    const { logger, emitter } = this.#deps;
    const step = `${from} -> ${to}`;
    const why = decision === null ? '' : ` (${decision.reason}; ${decision.action} in ${decision.delay} ms)`;
    const isNew = decision !== null && decision.code !== null && decision.action !== 'fatal' && isLeft(to);
    const advice = isNew ? adviceFor(decision.code, this.#deps.identifiedWith) : null;
    logger[levelOf(record, this.#session)](advice === null ? step + why : `${step}${why}. ${advice}`, {
      event: event.type,
      from,
      to,
      ...decision,
    });
    this.#session = session;
    // A listener to `disconnected` hears of every attempt.
    if (logger.isDefault && decision !== null && isLeft(to) && !emitter.has('disconnected')) {
      const warning = unreachableWarnings.after(decision, performance.now());
      if (warning !== null) logger.announce(warning);
    }
    emitter.emit('debug', step + why);
  }

  /** A throw inside a chart stops its actor and leaves its children running: the socket must not be one of them. */
  onFailure(cause: unknown): void {
    const { actor, wire, waiters, emitter, keeper } = this.#deps;
    const { shardId } = actor.getSnapshot().context;
    keeper.stop();
    wire.connection?.dispose();
    const message = `The shard's chart has failed, which is a bug in shardchart: ${messageOf(cause)}`;
    this.#fail(new FatalShardError(message, null, shardId));
    waiters.offline.resolve();
    if (this.fatal !== null) emitter.emit('fatal', this.fatal);
  }
}

const isAlive = (snapshot: ShardSnapshot) =>
  snapshot.matches({ Online: { link: { session: { Identifying: { awaitingReady: 'alive' } } } } });

const isQuiet = (snapshot: ShardSnapshot) =>
  snapshot.matches({ Online: { link: { session: { Connected: 'quiet' } } } });

/** The one thing that is decided by an ack: to leave a connection that is quiet. */
const isDecided = (snapshot: ShardSnapshot, before: ShardSnapshot) =>
  snapshot.context.lastDecision !== before.context.lastDecision;

/** No connection is there, and none is being made. */
const isLeft = (state: Lifecycle) => state === 'Disconnected' || state === 'Offline';

const closed = (decision: Decision | null) =>
  new ShardError('CLOSED', `The shard is down: ${decision?.reason ?? 'closed'}.`);

function fatalError(decision: Decision | null, identifiedWith: IdentifiedWith): FatalShardError {
  const code = decision?.code ?? null;
  const advice = code === null ? null : adviceFor(code, identifiedWith);
  return new FatalShardError(
    `The gateway refused the shard for good: ${decision?.reason ?? 'unknown'}. ${advice ?? 'It will not reconnect.'}`,
    code,
    identifiedWith.id,
  );
}
