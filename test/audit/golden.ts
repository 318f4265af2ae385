import type { ShardInput } from '../../machines/shard.types.js';
import type { TransitionRecord } from '../../src/index.js';
import { firstSession } from '../model/alphabet.js';
import { inputs } from '../model/shardPaths.js';
import { Recording, randomWalk } from './recording.js';

const closed = (code: number, retryAfterMs: number | null = null) =>
  ({ type: 'socket.closed', code, reason: '', sequence: null, retryAfterMs }) as const;

/**
 * What a golden log is made of: shards with all the options that change which way one goes, at random; and, as nothing is
 * left to chance, each branch of a decision's in a story of its own.
 */
export function goldenRecords(): TransitionRecord[] {
  const { told } = randomWalk({ seed: 11, steps: 500, inputs });
  let shardId = inputs.length;
  const story = (tell: (recording: Recording) => unknown, input: Partial<ShardInput> = {}) => {
    const recording = new Recording({ ...input, shardId, seed: shardId });
    shardId += 1;
    tell(recording.tell({ type: 'connect', session: null }));
    recording.actor.stop();
    told.push(...recording.records);
  };
  story((shard) => {
    for (let times = 0; times < 14; times += 1) shard.identifying().tell(closed(4000)).wait(130_000);
    shard.identifying().tell(closed(4004));
  });
  story(
    (shard) => {
      for (let times = 0; times < 8; times += 1) shard.tell(closed(1006)).wait(70_000);
    },
    { session: firstSession },
  );
  story((shard) => {
    shard.up().tell(closed(4008)).wait(70_000);
    shard.tell(closed(1006, 30_000)).wait(70_000).tell(closed(1006, Infinity)).wait(3_600_000);
    shard.identifying().tell({ type: 'gateway.invalidSession', resumable: false }, closed(4900)).wait(70_000);
    shard.up().tell({ type: 'shutdown', code: 1000, reason: 'asked' }, closed(1000));
  });
  story((shard) => shard.up().tell(closed(4000)), { autoReconnect: false });
  story((shard) => shard.up().tell(closed(4000)));
  story((shard) => shard.up().tell({ ...closed(4000), endedTogether: 40 }));
  story(
    (shard) => {
      for (let times = 0; times < 8; times += 1) {
        shard.tell({ type: 'socket.opened' }, { type: 'gateway.hello', heartbeatIntervalMs: 41_250 });
        shard.tell({ type: 'gateway.replayed', sequence: 8 + times }, closed(1006)).wait(70_000);
      }
    },
    { session: firstSession },
  );
  return told;
}
