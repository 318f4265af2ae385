import { createShardManager, type ShardManager } from '../../../manager/manager.js';
import type { ShardManagerOptions } from '../../../manager/options.js';
import { createGatewaySimulator, type GatewaySimulator, type SampleGuild } from '../../../simulator/index.js';

/** Short enough for a viewer to see beats. */
const HEARTBEAT_INTERVAL_MS = 10_000;
/** The simulated gateway's window; Discord's is 5 s. */
const IDENTIFY_WINDOW_MS = 500;
/** Longer than the gateway's window: a machine that stutters must not break the identify rule. */
const MANAGER_WINDOW_MS = 600;
/** All shards start in this many waves of identifies, so that a viewer sees them come up within seconds. */
const WAVES = 16;

const GUILDS_PER_SHARD = 2;
/** Milliseconds from Discord's epoch (2015). A snowflake is this number and 22 more bits. */
const GUILDS_SINCE = 230_000_000_000n;

const TICK_MS = 100;
const DISPATCHES_PER_SHARD_AND_TICK = 0.3;
/** Limits the load of a thousand shards to a part of one core. */
const MAX_DISPATCHES_PER_TICK = 60;

const dispatches = [
  [
    'MESSAGE_CREATE',
    { id: '1', channel_id: '2', content: 'Is anybody here?', author: { id: '3', username: 'somebody' } },
  ],
  ['MESSAGE_UPDATE', { id: '1', channel_id: '2', content: 'Is anybody there?' }],
  ['TYPING_START', { channel_id: '2', user_id: '3', timestamp: 1_700_000_000 }],
  ['PRESENCE_UPDATE', { user: { id: '3' }, status: 'online', activities: [] }],
  ['MESSAGE_REACTION_ADD', { message_id: '1', channel_id: '2', user_id: '3', emoji: { id: null, name: '👍' } }],
  ['VOICE_STATE_UPDATE', { channel_id: null, user_id: '3', session_id: '4' }],
] as const;

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
    guilds: guildsOf(shards),
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

const guildsOf = (shards: number): SampleGuild[] =>
  Array.from({ length: shards * GUILDS_PER_SHARD }, (_, n) => ({
    id: String((GUILDS_SINCE + BigInt(n)) << 22n),
    name: `Guild ${n}`,
  }));

const below = (limit: number): number => Math.floor(Math.random() * limit);

/** Sends random dispatches to random shards; a shard without a session gets none. */
function sendSome(simulator: GatewaySimulator, shards: number): void {
  const wanted = Math.min(shards * DISPATCHES_PER_SHARD_AND_TICK, MAX_DISPATCHES_PER_TICK);
  const count = Math.floor(wanted + Math.random());
  for (let sent = 0; sent < count; sent += 1) {
    const [name, data] = dispatches[below(dispatches.length)] ?? dispatches[0];
    simulator.dispatch(name, data, below(shards));
  }
}
