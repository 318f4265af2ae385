import { randomInt } from 'node:crypto';
import type { GatewayDispatchPayload, GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { createActor, type Actor, type InspectionEvent } from 'xstate';
import { shardMachine } from '../machines/shard.js';
import type { DispatchSink } from './actors/frames.js';
import { slotLogic, type SlotDeps } from './actors/identifySlot.js';
import { zlibImplementation } from './actors/inflate.js';
import { socketLogic, type SocketDeps } from './actors/socket.js';
import { createWire, type Wire } from './actors/wire.js';
import type { RequestDesk } from './commands/desk.js';
import type { Emitter } from './emitter.js';
import type { DispatchEvents, ShardEvents } from './events.js';
import { createIdentifyLimiter } from './identifyLimiter.js';
import { redactor, type Logger } from './logger.js';
import type { ResolvedOptions } from './options.js';
import { checkPresence } from './presence.js';
import type { Outbox } from './outbox.js';
import { identifyPayload, identifyWithin, resumePayload } from './payloads.js';
import { within } from './within.js';

/** A shard's chart with its actors, not yet started. */
export interface Assembly {
  readonly actor: Actor<typeof shardMachine>;
  readonly wire: Wire;
}

export interface AssemblyParts {
  readonly emitter: Emitter<ShardEvents>;
  readonly desk: RequestDesk;
  readonly outbox: Outbox;
  readonly logger: Logger;
}

/** Said once a process, not once a shard. */
let toldOfMinizlib = false;

/** Puts the chart and its actors together. The token ends here: in the closures that write IDENTIFY and RESUME. */
export function assemble(options: ResolvedOptions, { emitter, desk, outbox, logger }: AssemblyParts): Assembly {
  const { id, token, url, compression, identifyLimiter = createIdentifyLimiter() } = options;
  const wire = createWire();
  const redact = redactor(token);
  let identify = identifyPayload(options, options.presence && checkPresence(options.presence));

  const prepareIdentify = async (signal: AbortSignal) => {
    if (options.makePresence === undefined) return;
    let presence: GatewayPresenceUpdateData | undefined;
    try {
      presence = checkPresence(await within(options.timeouts.readyMs, options.makePresence(id)));
    } catch (error) {
      logger.error(`makePresence failed, the bot identifies without a presence: ${String(error)}`);
    }
    if (signal.aborted) return;
    const { text, left } = identifyWithin(options, presence);
    if (left !== null) logger.error(`the presence was left out of IDENTIFY: ${left}`);
    identify = text;
  };
  if (compression === 'zlib-stream' && zlibImplementation === 'minizlib' && !toldOfMinizlib) {
    toldOfMinizlib = true;
    logger.info('zlib-sync is not installed: minizlib inflates instead, which takes a little longer');
  }

  const socket: SocketDeps = {
    wire,
    sink: createSink(emitter, desk, logger, redact, options.events),
    outbox,
    compression,
    closeTimeoutMs: options.timeouts.closeMs,
    query: {
      version: options.version,
      encoding: 'json',
      compress: compression === 'zlib-stream' || compression === 'zstd-stream' ? compression : null,
    },
    firstUrl: () => (typeof url === 'string' ? url : url(id)),
    identify: () => identify,
    resume: (session) => resumePayload(token, session),
    redact,
  };
  const actor = createActor(machine, {
    id: `shard ${id}`,
    input: {
      shardId: id,
      session: options.session,
      autoReconnect: options.autoReconnect,
      resumeAttempts: options.resumeAttempts,
      timeouts: options.timeouts,
      backoff: options.backoff,
      seed: randomInt(2 ** 32),
    },
    ...(options.inspect !== undefined && { inspect: guardObserver(options.inspect, logger) }),
  });
  parts.set(actor.system, { socket, slot: { limiter: identifyLimiter, prepare: prepareIdentify, redact } });
  return { actor, wire };
}

/** What belongs to one shard, by the actor system that is its own. */
const parts = new WeakMap<object, { readonly socket: SocketDeps; readonly slot: SlotDeps }>();

function partsOf(system: object) {
  const found = parts.get(system);
  if (found === undefined) throw new Error('a shard was started before it was assembled');
  return found;
}

/** One for all shards: `provide` builds the whole chart anew, 66 KiB and 2 ms of it. */
const machine = shardMachine.provide({
  actors: {
    socket: socketLogic((system) => partsOf(system).socket),
    slot: slotLogic((system) => partsOf(system).slot),
  },
});

const EVENT_NAME = /^[A-Z][A-Z0-9_]*$/;

const EXCERPT_LENGTH = 120;
const REDACTED_LENGTH = 1_000;

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

/** The hot path: from the socket straight to the listeners. */
function createSink(
  emitter: Emitter<ShardEvents>,
  { answers }: RequestDesk,
  logger: Logger,
  redact: (text: string) => string,
  events: readonly string[] | undefined,
): DispatchSink {
  const only = events === undefined ? null : new Set([...events, 'READY', 'RESUMED']);
  const raw = (text: string) => emitter.emit('raw', text);
  return {
    wants: (name) =>
      answers.has(name as keyof DispatchEvents) ||
      ((only === null || only.has(name)) && (emitter.has('dispatch') || emitter.has(name as keyof ShardEvents))),
    get wantsAll() {
      return only === null && emitter.has('dispatch');
    },
    dispatch(payload: GatewayDispatchPayload) {
      const { t, d } = payload;
      // Lower-case names are the shard's own events: no dispatch may pass for one.
      const isNamed = EVENT_NAME.test(t);
      if (isNamed) answers.emit(t as keyof DispatchEvents, d as never);
      // Parsed for a request alone.
      if (only !== null && !only.has(t)) return;
      emitter.emit('dispatch', payload);
      if (isNamed) emitter.emit(t as keyof ShardEvents, d as never);
    },
    malformed(reason, text) {
      logger.warn(`malformed frame: ${reason}`);
      // The token first, the length second: half a token would be no match any more.
      emitter.emit('malformed', { reason, excerpt: redact(text.slice(0, REDACTED_LENGTH)).slice(0, EXCERPT_LENGTH) });
    },
    get raw() {
      return emitter.has('raw') ? raw : null;
    },
  };
}
