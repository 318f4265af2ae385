import type { EventObject } from 'xstate';
import type { Shard } from '../../../src/index.js';
import type { GatewaySimulator, SimulatedConnection } from '../../../src/simulator/index.js';
import { isWithin } from '../laws/lawbook.js';
import { CONNECTED, OPENING, WANTED } from '../laws/outcomes.js';
import { pathOf } from '../observer.js';
import type { Gates } from './gates.js';
import type { ScriptedStore } from './scriptedStore.js';
import type { ScriptedLimiter } from './scriptedLimiter.js';

/** Often enough for any limit on a silence here. */
const REPLAY_EVERY_MS = 20;

interface Coded {
  readonly code: number;
  readonly reason: string;
}

export interface OutsideParts {
  readonly shard: Shard;
  readonly simulator: GatewaySimulator;
  readonly gates: Gates;
  readonly limiter: ScriptedLimiter;
  readonly store: ScriptedStore;
}

/** All that is around a shard: its user, its identify limiter and its gateway. Makes the events of a run happen. */
export class Outside {
  readonly #parts: OutsideParts;
  #replay: NodeJS.Timeout | undefined;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  /** Makes an event happen. HELLO comes with the upgrade, so that what is `next` decides whether there is one. */
  bringAbout(event: EventObject, next: EventObject | undefined): void {
    const { gates, limiter, simulator, store } = this.#parts;
    const { type } = event;
    switch (type) {
      case 'socket.opened':
        return gates.open(next?.type === 'gateway.hello' ? ['upgrade', 'hello'] : ['upgrade']);
      case 'gateway.ready':
        return gates.open(['identify']);
      case 'gateway.resumed':
        return gates.open(['resume']);
      case 'gateway.replayed':
        return this.#replayOn();
      case 'gateway.acknowledged':
        // An ack of nothing acknowledges nothing: a beat is asked for first.
        gates.open(['heartbeat']);
        return void this.#connection.requestHeartbeat();
      case 'gateway.heartbeatRequested':
      // The first beat comes at random, which may be on the way: one that is asked for comes now.
      case 'heartbeat.due':
        return void this.#connection.requestHeartbeat();
      case 'gateway.reconnect':
        return void this.#connection.requestReconnect();
      case 'gateway.invalidSession':
        return void this.#connection.invalidateSession((event as unknown as { resumable: boolean }).resumable);
      case 'socket.corrupted':
        return void this.#connection.sendCorrupt();
      case 'socket.closed':
        return this.#hangUp(event as never);
      case 'store.answered':
        return store.answer((event as unknown as { session: unknown }).session === null ? 'none' : 'session');
      case 'store.failed':
        return store.answer('failure');
      case 'slot.granted':
      case 'slot.expired':
      case 'slot.failed':
        return limiter.answer(type.slice('slot.'.length) as 'granted');
      case 'bucket.granted':
        return isWithin(this.#path, CONNECTED) ? this.#send() : undefined;
      default:
        if (type.startsWith('xstate.after.replay.')) {
          this.#replayOn();
          this.#replay = setInterval(() => simulator.dispatch('MESSAGE_CREATE', {}), REPLAY_EVERY_MS);
        }
        // What is no command either comes by itself.
        return this.tell(event);
    }
  }

  /** What the user asks of the shard. */
  tell(event: EventObject): void {
    const { shard } = this.#parts;
    const { code, reason } = event as unknown as Coded;
    switch (event.type) {
      case 'connect':
      case 'resume':
      case 'identify':
      case 'reconnect':
      case 'reinstantiate':
        return void shard[event.type]();
      case 'disconnect':
        return shard.disconnect({ code, reason });
      case 'close':
        return void shard.close({ code, reason });
      case 'shutdown':
        void shard.shutdown({ resumable: code !== 1000 });
        // Asked twice, it is told once: `notRun` says so.
        return void shard.shutdown();
      case 'abort':
        return shard.forceClose(code);
      case 'send':
        return this.#send();
      case 'send.cancel': {
        const withdrawal = new AbortController();
        this.#send(withdrawal.signal);
        return withdrawal.abort();
      }
    }
  }

  /** Nothing goes on by itself any more. */
  rest(): void {
    clearInterval(this.#replay);
    this.#parts.gates.shut();
  }

  get #path(): string {
    return pathOf(this.#parts.shard.actor.getSnapshot().value);
  }

  get #connection(): SimulatedConnection {
    const connection = this.#parts.simulator.connections.at(-1);
    if (connection === undefined) throw new Error('no connection was opened yet');
    return connection;
  }

  #send(signal?: AbortSignal): void {
    const payload = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } };
    this.#parts.shard.send(payload, signal && { signal }).catch(() => {});
  }

  /** A dispatch that was missed comes, and RESUMED does not. */
  #replayOn(): void {
    const { gates, simulator } = this.#parts;
    simulator.dispatch('MESSAGE_CREATE', {});
    gates.open(['resume'], { at: 'resumed', skip: true });
  }

  #hangUp({ code, retryAfterMs }: { code: number; retryAfterMs: number | null }): void {
    const { gates, shard } = this.#parts;
    const path = this.#path;
    if (path === OPENING) {
      return retryAfterMs === null
        ? gates.open(['upgrade'], { at: 'upgrade', reset: true })
        : gates.open(['upgrade'], { at: 'upgrade', refuse: 503, retryAfter: retryAfterMs / 1_000 });
    }
    if (isWithin(path, WANTED))
      return void (code === 1006 ? this.#connection.reset() : this.#connection.closeWith(code));
    // Our own close is on its way. The gateway answers it, is gone, or has said a code of its own in the same moment.
    if (code === 1006) gates.open(['close'], { at: 'close', reset: true });
    else if (code === shard.actor.getSnapshot().context.lastDecision?.code) gates.open(['close']);
    else this.#connection.closeWith(code);
  }
}
