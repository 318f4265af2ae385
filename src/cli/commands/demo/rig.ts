import { createIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { TransitionRecord } from '../../../shard/events.js';
import { createShard, type Shard } from '../../../shard/shard.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../../simulator/index.js';
import { Ledger } from './ledger.js';

/** Short, because noticing a zombie takes up to two intervals. */
export const HEARTBEAT_INTERVAL_MS = 1_000;
/** The simulated gateway's window; Discord's is 5 s. */
const IDENTIFY_WINDOW_MS = 1_000;
/** Longer than the gateway's window: a machine that stutters must not break the identify rule. */
const LIMITER_WINDOW_MS = 1_200;
const MESSAGE_EVERY_MS = 50;

/** The simulated gateway, the shards and the records of the demo. */
export interface DemoRig {
  readonly simulator: GatewaySimulator;
  readonly shards: readonly [Shard, Shard];
  readonly ledger: Ledger;
  readonly records: readonly TransitionRecord[];
  /** Number of events that each resume replayed, in order. */
  readonly resumes: readonly { readonly shardId: number; readonly replayed: number }[];
  /** Errors that the shards logged, without fatal closes: the story causes one. */
  readonly errors: readonly string[];
  /** Sends this many messages to a shard at once. */
  burst(shardId: number, count: number): void;
  /** Sends messages to both shards until the returned function is called. */
  startMessages(): () => void;
  close(): Promise<void>;
}

/** Creates a simulated gateway and two shards, which are Offline at first. */
export async function createDemoRig(
  onTransition: (record: TransitionRecord) => void,
  onShard: (shard: Shard) => void,
): Promise<DemoRig> {
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
      // As short beside Discord's 5 s as the heartbeat interval is beside Discord's.
      backoff: { stableAfter: 500 },
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
    shard.on('MESSAGE_CREATE', (message) => ledger.addArrival(id, (message as unknown as { n: number }).n));
    return shard;
  };
  const shards = [createActor(0), createActor(1)] as const;

  let n = 0;
  const send = (shardId: number): void => {
    n += 1;
    const message = { id: String(n), channel_id: '1', content: `message ${n}`, n };
    ledger.addSent(shardId, n, simulator.dispatch('MESSAGE_CREATE', message, shardId));
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
