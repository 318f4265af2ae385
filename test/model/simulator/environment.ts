import type { EventObject } from 'xstate';
import type { Shard } from '../../../src/index.js';
import type { GatewaySimulator, SimulatedConnection } from '../../../src/simulator/index.js';
import { isWithin } from '../laws/lawbook.js';
import { CONNECTED, OPENING, WANTED } from '../laws/outcomes.js';
import { pathOf } from '../observer.js';
import type { Gates } from './gates.js';
import type { StoreRig } from './storeRig.js';
import type { LimiterRig } from './limiterRig.js';

/** Interval below every limit on a silence in these tests. */
const REPLAY_EVERY_MS = 20;

interface Coded {
  readonly code: number;
  readonly reason: string;
}

export interface EnvironmentDeps {
  readonly shard: Shard;
  readonly simulator: GatewaySimulator;
  readonly gates: Gates;
  readonly limiter: LimiterRig;
  readonly store: StoreRig;
}

/** Environment of a shard: its user, limiter, store and gateway. It causes the events of a run. */
export class Environment {
  readonly #deps: EnvironmentDeps;
  #dispatching: NodeJS.Timeout | undefined;

  constructor(deps: EnvironmentDeps) {
    this.#deps = deps;
  }

  /** Causes an event. HELLO comes with the upgrade, so `next` decides whether the gateway sends one. */
  cause(event: EventObject, next: EventObject | undefined): void {
    const { gates, limiter, simulator, store } = this.#deps;
    const { type } = event;
    switch (type) {
      case 'socket.opened':
        return gates.open(next?.type === 'gateway.hello' ? ['upgrade', 'hello'] : ['upgrade']);
      case 'gateway.ready':
        return gates.open(['identify']);
      case 'gateway.resumed':
        return gates.open(['resume']);
      case 'gateway.replayed':
        return this.#replayDispatch();
      case 'gateway.acknowledged':
        // An ack needs a beat before it: the gateway requests one.
        gates.open(['heartbeat']);
        return void this.#connection.requestHeartbeat();
      case 'gateway.heartbeatRequested':
      // The first beat comes at a random time. A requested one comes now.
      case 'heartbeat.due':
        return void this.#connection.requestHeartbeat();
      case 'gateway.reconnect':
        return void this.#connection.requestReconnect();
      case 'gateway.invalidSession':
        return void this.#connection.invalidateSession((event as unknown as { resumable: boolean }).resumable);
      case 'socket.corrupted':
        return void this.#connection.sendCorrupt();
      case 'socket.closed':
        return this.#closeSocket(event as never);
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
          this.#replayDispatch();
          this.#dispatching = setInterval(() => simulator.dispatch('MESSAGE_CREATE', {}), REPLAY_EVERY_MS);
        }
        // Events that are no commands come by themselves.
        return this.command(event);
    }
  }

  /** Calls the shard's member for a command. */
  command(event: EventObject): void {
    const { shard } = this.#deps;
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
        // The second call sends no event: see `notRun`.
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

  /** Stops everything that would happen by itself. */
  stop(): void {
    clearInterval(this.#dispatching);
    this.#deps.gates.shut();
  }

  get #path(): string {
    return pathOf(this.#deps.shard.actor.getSnapshot().value);
  }

  get #connection(): SimulatedConnection {
    const connection = this.#deps.simulator.connections.at(-1);
    if (connection === undefined) throw new Error('no connection was opened yet');
    return connection;
  }

  #send(signal?: AbortSignal): void {
    const payload = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } };
    this.#deps.shard.send(payload, signal && { signal }).catch(() => {});
  }

  /** Replays one dispatch and withholds RESUMED. */
  #replayDispatch(): void {
    const { gates, simulator } = this.#deps;
    simulator.dispatch('MESSAGE_CREATE', {});
    gates.open(['resume'], { at: 'resumed', skip: true });
  }

  #closeSocket({ code, retryAfterMs }: { code: number; retryAfterMs: number | null }): void {
    const { gates, shard } = this.#deps;
    const path = this.#path;
    if (path === OPENING) {
      return retryAfterMs === null
        ? gates.open(['upgrade'], { at: 'upgrade', reset: true })
        : gates.open(['upgrade'], { at: 'upgrade', refuse: 503, retryAfter: retryAfterMs / 1_000 });
    }
    if (isWithin(path, WANTED))
      return void (code === 1006 ? this.#connection.reset() : this.#connection.closeWith(code));
    // The shard's close frame is on its way. The gateway answers it, resets, or closes with a code of its own.
    if (code === 1006) gates.open(['close'], { at: 'close', reset: true });
    else if (code === shard.actor.getSnapshot().context.lastDecision?.code) gates.open(['close']);
    else this.#connection.closeWith(code);
  }
}
