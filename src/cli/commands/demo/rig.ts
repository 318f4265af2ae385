import { createIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { TransitionRecord } from '../../../shard/events.js';
import { createShard, type Shard } from '../../../shard/shard.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../../simulator/index.js';
import { Ledger } from './ledger.js';

/** As short as a zombie can be told in: it takes up to two of them to notice one. */
export const HEARTBEAT_INTERVAL_MS = 1_000;
/** Of the gateway; Discord's is 5 s. */
const IDENTIFY_WINDOW_MS = 1_000;
/** The limiter's is longer, so that a machine that stutters does not make the client look impatient. */
const LIMITER_WINDOW_MS = 1_200;
const MESSAGE_EVERY_MS = 50;

/** Everything the story is played with. */
export interface Stage {
  readonly simulator: GatewaySimulator;
  readonly shards: readonly [Shard, Shard];
  readonly ledger: Ledger;
  readonly records: readonly TransitionRecord[];
  /** How many missed events each resume brought, in order. */
  readonly resumes: readonly { readonly shardId: number; readonly replayed: number }[];
  /** What the shards logged as an error, but for being refused for good: the story means that. */
  readonly errors: readonly string[];
  /** Sends so many messages more to a shard at once. */
  burst(shardId: number, count: number): void;
  /** From now on both shards get messages until this is called. */
  startMessages(): () => void;
  close(): Promise<void>;
}

/** Sets up a simulated gateway and two shards that are still Offline. */
export async function createStage(
  onTransition: (record: TransitionRecord) => void,
  onShard: (shard: Shard) => void,
): Promise<Stage> {
  const simulator = await createGatewaySimulator({
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    heartbeatSlack: 5_000,
    identifyWindow: IDENTIFY_WINDOW_MS,
    shards: 2,
  });
  const ledger = new Ledger();
  const records: TransitionRecord[] = [];
  const resumes: { shardId: number; replayed: number }[] = [];
  const errors: string[] = [];
  const identifyLimiter = createIdentifyLimiter({ window: LIMITER_WINDOW_MS });

  const createActor = (id: number): Shard => {
    const shard = createShard({
      token: 'simulated',
      intents: 0,
      id,
      total: 2,
      url: simulator.url,
      compression: 'zlib-stream',
      identifyLimiter,
      timeouts: { close: 500 },
      logger: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: (message) => message.includes('refused the shard for good') || errors.push(message),
      },
    });
    shard.on('transition', (record) => {
      records.push(record);
      onTransition(record);
    });
    onShard(shard);
    shard.on('resumed', ({ replayed }) => resumes.push({ shardId: id, replayed }));
    shard.on('MESSAGE_CREATE', (message) => ledger.arrived(id, (message as unknown as { n: number }).n));
    return shard;
  };
  const shards = [createActor(0), createActor(1)] as const;

  let n = 0;
  const send = (shardId: number): void => {
    n += 1;
    const message = { id: String(n), channel_id: '1', content: `message ${n}`, n };
    ledger.sent(shardId, n, simulator.dispatch('MESSAGE_CREATE', message, shardId));
  };
  return {
    simulator,
    shards,
    ledger,
    records,
    resumes,
    errors,
    burst(shardId, count) {
      for (let sent = 0; sent < count; sent++) send(shardId);
    },
    startMessages() {
      const timer = setInterval(() => shards.forEach(({ id }) => send(id)), MESSAGE_EVERY_MS);
      return () => clearInterval(timer);
    },
    async close() {
      await Promise.all(shards.map((shard) => shard.shutdown()));
      await simulator.close();
    },
  };
}
