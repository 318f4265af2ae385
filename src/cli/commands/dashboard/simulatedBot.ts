import { createShardManager, type ShardManager } from '../../../manager/manager.js';
import type { ShardManagerOptions } from '../../../manager/options.js';
import { shardIdFor } from '../../../protocol/sharding.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../../simulator/index.js';
import { guildsFor } from '../../sampleGuilds.js';

/** Short enough for a viewer to see beats. */
const HEARTBEAT_INTERVAL_MS = 10_000;
/** The simulated gateway's window; Discord's is 5 s. */
const IDENTIFY_WINDOW_MS = 500;
/** Longer than the gateway's window: a machine that stutters must not break the identify rule. */
const MANAGER_WINDOW_MS = 600;
/** All shards start in this many waves of identifies, so that a viewer sees them come up within seconds. */
const WAVES = 16;

const GUILDS_PER_SHARD = 2;
const TICK_MS = 100;
const DISPATCHES_PER_SHARD_AND_TICK = 0.3;
/** Limits the load of a thousand shards to a part of one core. */
const MAX_DISPATCHES_PER_TICK = 60;

/** Data of an event in a guild, by the event's name. */
const dispatches: readonly (readonly [string, (simulator: GatewaySimulator, ids: Ids) => object])[] = [
  ['MESSAGE_CREATE', (simulator, { guild_id }) => simulator.message({ guild_id, content: 'Is anybody here?' })],
  ['MESSAGE_UPDATE', (simulator, { guild_id }) => simulator.message({ guild_id, content: 'Is anybody there?' })],
  ['TYPING_START', (_, ids) => ({ ...ids, timestamp: 1_700_000_000 })],
  ['PRESENCE_UPDATE', (_, { guild_id, user_id: id }) => ({ guild_id, user: { id }, status: 'online', activities: [] })],
  ['MESSAGE_REACTION_ADD', (_, ids) => ({ ...ids, message_id: '1', emoji: { id: null, name: '👍' } })],
  ['VOICE_STATE_UPDATE', (_, { guild_id, user_id }) => ({ guild_id, user_id, channel_id: null, session_id: '4' })],
];

interface Ids {
  readonly guild_id: string;
  readonly channel_id: string;
  readonly user_id: string;
}

/** Shards on a simulated gateway in this process, with events that flow. */
export interface SimulatedBot extends AsyncDisposable {
  readonly manager: ShardManager;
  readonly simulator: GatewaySimulator;
}

/** Creates the gateway and its shards, which are Offline at first. */
export async function createSimulatedBot(
  shards: number,
  settings: Pick<ShardManagerOptions, 'intents' | 'options' | 'logger'>,
): Promise<SimulatedBot> {
  const simulator = await createGatewaySimulator({
    shards,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    identifyWindow: IDENTIFY_WINDOW_MS,
    maxConcurrency: Math.ceil(shards / WAVES),
    sessionStartLimit: { total: Math.max(1_000, 10 * shards) },
    guilds: guildsFor(shards, GUILDS_PER_SHARD),
    record: false,
    maxFrames: 1_000,
  });
  const manager = createShardManager({
    ...settings,
    token: 'simulated',
    total: shards,
    api: simulator.apiUrl,
    identifyWindow: MANAGER_WINDOW_MS,
  });
  const timer = setInterval(() => sendSome(simulator, shards), TICK_MS);
  return {
    manager,
    simulator,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await manager.shutdown();
      await simulator.close();
    },
  };
}

const oneOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];

/** Sends random dispatches to random guilds; a shard without a session gets none. */
function sendSome(simulator: GatewaySimulator, shards: number): void {
  const wanted = Math.min(shards * DISPATCHES_PER_SHARD_AND_TICK, MAX_DISPATCHES_PER_TICK);
  const count = Math.floor(wanted + Math.random());
  for (let sent = 0; sent < count; sent += 1) {
    const [guild, dispatch] = [oneOf(simulator.guilds), oneOf(dispatches)];
    if (guild === undefined || dispatch === undefined) return;
    const [name, dataOf] = dispatch;
    const ids = { guild_id: guild.id, channel_id: guild.id, user_id: simulator.snowflake() };
    simulator.dispatch(name, dataOf(simulator, ids), shardIdFor(guild.id, shards));
  }
}
