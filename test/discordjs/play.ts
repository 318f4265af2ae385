import { setTimeout } from 'node:timers/promises';
import { REST } from '@discordjs/rest';
import { Client } from 'discord.js';
import * as ws1 from 'discordjs-ws-1';
import * as ws2 from 'discordjs-ws-2';
import { shardchartStrategy } from '../../src/discordjs/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { silentLogger, simulate, TOKEN } from '../shard/rig.js';
import { GUILD, INTENTS } from './rig.js';
import type { Story } from './stories.js';

/** The parts of a `WebSocketManager` that both versions have. */
interface Manager {
  connect(): Promise<void>;
  destroy(): Promise<void>;
  send(shardId: number, payload: object): Promise<void>;
}

export type Version = '@discordjs/ws 1' | '@discordjs/ws 2' | 'discord.js 14';
export type Kind = 'own' | 'ours';

const EVENTS = ['hello', 'ready', 'resumed', 'dispatch', 'closed', 'error', 'socketError', 'heartbeat'];

type Listener = (name: string, values: unknown[]) => void;

/** Longer than the identify window of the simulator. */
const throttler = () => ({ waitForIdentify: () => setTimeout(100) });

/** Options of a manager or of a client with the one strategy or the other. */
const strategyOf = (kind: Kind) => ({
  buildIdentifyThrottler: throttler,
  ...(kind === 'ours' && {
    buildStrategy: shardchartStrategy({ logger: silentLogger, options: { backoff: { initial: 20, max: 100 } } }),
  }),
});

/** A bare `WebSocketManager`, and its events. */
function managerOf(version: Version, kind: Kind, simulator: GatewaySimulator, listener: Listener): Manager {
  const { WebSocketManager } = (version === '@discordjs/ws 1' ? ws1 : ws2) as typeof ws1;
  // The default hooks of @discordjs/ws keep the sessions of all managers of a process in one map.
  const sessions = new Map<number, ws1.SessionInfo | null>();
  const manager = new WebSocketManager({
    token: TOKEN,
    intents: INTENTS as never,
    rest: new REST({ api: simulator.apiBase, retries: 0 }).setToken(TOKEN),
    retrieveSessionInfo: (shardId) => sessions.get(shardId) ?? null,
    updateSessionInfo: (shardId, session) => void sessions.set(shardId, session),
    ...strategyOf(kind),
  });
  const on = manager.on.bind(manager) as (name: string, listener: (...values: unknown[]) => void) => void;
  for (const name of EVENTS) on(name, (...values) => listener(name, values));
  return manager as unknown as Manager;
}

/** A `Client` of discord.js, and all that it emits. */
function clientOf(kind: Kind, simulator: GatewaySimulator, listener: Listener): Manager {
  const client = new Client({
    intents: INTENTS,
    rest: { api: simulator.apiBase, retries: 0 },
    ws: strategyOf(kind),
  });
  const emit = client.emit.bind(client) as (name: string, ...values: unknown[]) => boolean;
  client.emit = (name: string, ...values: unknown[]) => {
    if (name === 'raw') listener('dispatch', values);
    else if (name !== 'debug') listener(name, []);
    else if (String(values[0]).includes('Heartbeat acknowledged')) listener('heartbeat', []);
    return emit(name, ...values);
  };
  return {
    connect: async () => void (await client.login(TOKEN)),
    destroy: () => client.destroy(),
    send: (shardId, payload) => Promise.resolve(client.ws.shards.get(shardId)?.send(payload)),
  };
}

export interface Recording {
  /** Names of the events; of a dispatch with its name, of a close with its code. */
  readonly events: string;
  /** The shape of the values of each kind of event. */
  readonly shapes: ReadonlyMap<string, string>;
  readonly violations: readonly string[];
}

/** The types of a value and of its properties, two levels deep. */
function shapeOf(value: unknown, depth = 2): unknown {
  if (value instanceof Error) return 'error';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  if (depth === 0) return 'object';
  const entries = Object.entries(value).map(([name, inner]) => [name, shapeOf(inner, depth - 1)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const PATIENCE_MS = 10_000;

const until = async (isSo: () => boolean) => {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error('The event that the story waits for has not come.');
    await setTimeout(10);
  }
};

/** Events of a client for those of a manager. */
const CLIENT_EVENTS: Readonly<Record<string, string>> = { closed: 'shardReconnecting', error: 'shardError' };

/** A `destroy()` of @discordjs/ws need not settle. */
const DESTROY_LIMIT_MS = 1_500;

/** Plays a story with the own strategy of @discordjs/ws or with ours, on a simulator of its own. */
export async function play(version: Version, kind: Kind, { simulator: options, run }: Story): Promise<Recording> {
  const simulator = await simulate({ guilds: [GUILD], ...options });
  const events: string[] = [];
  const shapes = new Map<string, string>();
  const listener: Listener = (name, values) => {
    shapes.set(name, JSON.stringify(shapeOf(values)));
    events.push(labelOf(name, values));
  };
  const manager =
    version === 'discord.js 14' ? clientOf(kind, simulator, listener) : managerOf(version, kind, simulator, listener);
  const count = (event: string) => {
    const name = version === 'discord.js 14' ? (CLIENT_EVENTS[event] ?? event) : event;
    return events.filter((one) => one === name || one.startsWith(`${name} `)).length;
  };
  const destroy = async () => {
    const destroyed = manager.destroy().then(() => events.push('destroyed'));
    await Promise.race([destroyed, setTimeout(DESTROY_LIMIT_MS)]);
  };
  try {
    const { connect, send } = manager;
    await run({
      simulator,
      connect: () => connect.call(manager),
      destroy,
      send: (payload) => send.call(manager, 0, payload),
      sees: (event, times = 1) => until(() => count(event) >= times),
      count,
      until,
    });
    return {
      events: events.filter((name) => name !== 'heartbeat').join(', '),
      shapes,
      violations: simulator.violations.map(({ rule }) => rule),
    };
  } catch (error) {
    throw new Error(`${version}, ${kind}, after ${events.join(', ')}`, { cause: error });
  } finally {
    await destroy();
    await simulator.close();
  }
}

/** The first value is the payload or, in version 1, an object that has it. */
function labelOf(name: string, [first]: unknown[]): string {
  const value = first as { data?: unknown; code?: number };
  if (name === 'dispatch') return `dispatch ${((value.data ?? value) as { t: string }).t}`;
  return name === 'closed' ? `closed ${value.code ?? first}` : name;
}
