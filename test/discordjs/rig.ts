import { Client, type ClientOptions } from 'discord.js';
import { expect, onTestFinished } from 'vitest';
import { shardchartStrategy, type ShardchartStrategyOptions } from '../../src/discordjs/index.js';
import { createIdentifyLimiter, type ShardManager } from '../../src/index.js';
import type { GatewaySimulator, Rule, SimulatorOptions } from '../../src/simulator/index.js';
import { LIMITER_WINDOW, silentLogger, simulate, TOKEN } from '../shard/rig.js';

export const GUILD = { id: '41771983423143937', name: 'chess club' };

/** Guilds, GuildMembers, GuildModeration, GuildVoiceStates, GuildPresences, GuildMessages, MessageContent. */
export const INTENTS = 1 | 2 | 4 | 128 | 256 | 512 | 32_768;

/** An identify limiter with a short window, and a day whose identifies never end. */
export const quickLimiter = () =>
  createIdentifyLimiter({
    window: LIMITER_WINDOW,
    sessionStartLimit: { total: 1e8, remaining: 1e8, reset_after: 86_400_000 },
  });

export interface BotOptions {
  readonly simulator?: SimulatorOptions;
  readonly strategy?: ShardchartStrategyOptions;
  readonly client?: Partial<ClientOptions>;
  /** Rules the test is about; every other violation fails it. */
  readonly breaks?: readonly Rule[];
}

export interface Bot {
  readonly client: Client;
  readonly simulator: GatewaySimulator;
  /** The manager of the last login. */
  readonly shards: () => ShardManager;
  /** `login()`, and then `clientReady`. */
  readonly up: () => Promise<void>;
}

/** A simulator with one guild; no rule of the gateway may have been broken when the test is over. */
export async function gateway(options: SimulatorOptions = {}, breaks: readonly Rule[] = []): Promise<GatewaySimulator> {
  const simulator = await simulate({ guilds: [GUILD], ...options });
  onTestFinished(async () => {
    await simulator.close();
    expect(simulator.violations.filter(({ rule }) => !breaks.includes(rule))).toEqual([]);
  });
  return simulator;
}

/** A discord.js bot over shardchart, on a simulator of its own. It is destroyed when the test is over. */
export async function bot({
  simulator: given,
  strategy = {},
  client: options = {},
  breaks,
}: BotOptions = {}): Promise<Bot> {
  const simulator = await gateway(given, breaks);
  const managers: ShardManager[] = [];
  const onManager = (manager: ShardManager) => {
    managers.push(manager);
    strategy.onManager?.(manager);
  };
  const client = new Client({
    intents: INTENTS,
    rest: { api: simulator.apiBase, retries: 0 },
    ...options,
    ws: {
      ...options.ws,
      buildStrategy: shardchartStrategy({
        logger: silentLogger,
        ...(options.ws?.buildIdentifyThrottler === undefined && { identifyLimiter: quickLimiter() }),
        ...strategy,
        onManager,
        options: { backoff: { initial: 20, max: 100 }, ...strategy.options },
      }),
    },
  });
  onTestFinished(async () => {
    await client.destroy();
    // After a second login discord.js ignores destroy().
    await managers.at(-1)?.shutdown();
  });
  const shards = () => {
    const manager = managers.at(-1);
    if (manager === undefined) throw new Error('There is no manager before the login.');
    return manager;
  };
  const up = async () => {
    const ready = new Promise((resolve) => client.once('clientReady', resolve));
    await client.login(TOKEN);
    await ready;
  };
  return { client, simulator, shards, up };
}

/** Payloads that the bot sent, without heartbeats. */
export const sentBy = (simulator: GatewaySimulator) =>
  simulator.frames.filter(({ direction, op }) => direction === 'client' && op !== 1);

/** Opcodes that the bot sent, without heartbeats. */
export const opsOf = (simulator: GatewaySimulator) => sentBy(simulator).map(({ op }) => op);

/** The next time a client emits this event: its values. */
export const next = (client: Client, event: string) =>
  new Promise<unknown[]>((resolve) => client.once(event, (...values: unknown[]) => resolve(values)));

/** Errors that reached the process while the test ran: vitest's own listeners are set aside. */
export function unhandledRejections(): unknown[] {
  const errors: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => errors.push(error));
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });
  return errors;
}
