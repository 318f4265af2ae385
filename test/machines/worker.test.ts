import { describe, expect, test } from 'vitest';
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { workerMachine, type ShardsCommand, type WorkerEvent } from '../../machines/index.js';

const LEAVE_MS = 5_000;

function start() {
  const clock = new SimulatedClock();
  const said: string[] = [];
  const silent = fromCallback(() => {});
  const machine = workerMachine.provide({
    actors: {
      joining: silent as never,
      signingOff: silent as never,
      lease: fromCallback<{ type: string }>(({ receive }) => receive(({ type }) => said.push(type))) as never,
      shards: fromCallback<ShardsCommand>(({ receive }) => receive(({ type }) => said.push(type))) as never,
    },
  });
  const actor = createActor(machine, { clock, input: { leaveMs: LEAVE_MS } });
  actor.on('*', (report) => said.push(report.type === 'worker.failed' ? `failed ${report.why}` : report.type));
  actor.start();
  const send = (...events: WorkerEvent[]) => {
    said.length = 0;
    for (const event of events) actor.send(event);
    return [...said];
  };
  return { actor, send, clock, state: () => actor.getSnapshot().value };
}

const answer = (owned: readonly string[], { give = [] as string[], mayClaim = true } = {}): WorkerEvent => ({
  type: 'lease.answered',
  owned: owned.map((key) => ({ key, epoch: 1 })),
  give,
  mayClaim,
});
const online: readonly WorkerEvent[] = [{ type: 'connect' }, { type: 'worker.joined' }];

describe('connect', () => {
  test('is done once every shard of the first answer is up', () => {
    const { send } = start();
    expect(send(...online, answer(['1:0', '1:1']), { type: 'shard.up', key: '1:0' })).not.toContain('worker.up');
    expect(send({ type: 'shard.up', key: '1:1' })).toEqual(['worker.up']);
  });

  test('of a standby is done with the first answer, which has no shard', () => {
    const { send, state } = start();
    expect(send(...online, answer([]))).toContain('worker.up');
    expect(state()).toMatchObject({ Online: { duty: 'standingBy' } });
  });

  test('waits while Redis does not hand out shards that somebody may hold', () => {
    const { send } = start();
    expect(send(...online, answer([], { mayClaim: false }))).not.toContain('worker.up');
    expect(send(answer(['1:0']), { type: 'shard.up', key: '1:0' })).toContain('worker.up');
  });
});

describe('the lease', () => {
  test('that is cut holds the shards until the next answer', () => {
    const { send, state } = start();
    send(...online, answer(['1:0']));
    expect(send({ type: 'lease.cut' })).toEqual(['shards.hold']);
    expect(state()).toMatchObject({ Online: { lease: 'cutOff' } });
    expect(send(answer(['1:0']))).toEqual(['shards.own']);
    expect(state()).toMatchObject({ Online: { lease: 'renewed' } });
  });

  test('that another process of this name has makes the worker drop its shards and fail', () => {
    const { send, state } = start();
    send(...online, answer(['1:0']));
    expect(send({ type: 'lease.taken' })).toEqual(['shards.drop']);
    expect(send({ type: 'shard.gone', key: '1:0' })).toEqual(['failed taken']);
    expect(state()).toEqual({ Offline: 'failed' });
  });
});

describe('leaving', () => {
  test('gives the shards away, signs off and is Offline for good', () => {
    const { send, state } = start();
    send(...online, answer(['1:0']));
    expect(send({ type: 'shutdown' })).toEqual(['lease.drain', 'shards.give']);
    send({ type: 'shard.gone', key: '1:0' });
    expect(send({ type: 'worker.left' })).toEqual(['worker.offline']);
    expect(state()).toEqual({ Offline: 'stopped' });
  });

  test('takes two limits at most where neither the shards nor Redis answer', () => {
    const { send, state, clock } = start();
    send(...online, answer(['1:0']), { type: 'shutdown' });
    clock.increment(LEAVE_MS);
    clock.increment(LEAVE_MS);
    expect(state()).toEqual({ Offline: 'stopped' });
  });

  test('drain stays in the fleet, and connect takes shards again', () => {
    const { send } = start();
    send(...online, answer(['1:0']));
    expect(send({ type: 'drain' })).toEqual(['lease.drain', 'shards.give']);
    expect(send({ type: 'shard.gone', key: '1:0' })).toEqual(['worker.drained']);
    expect(send({ type: 'connect' })).toEqual(['lease.serve']);
  });

  test('a shard that the gateway refuses fails the worker, which gives all its shards away', () => {
    const { send, state } = start();
    send(...online, answer(['1:0', '1:1']));
    expect(send({ type: 'shard.refused', key: '1:0' })).toEqual(['failed shardRefused', 'lease.drain', 'shards.give']);
    send({ type: 'shard.gone', key: '1:0' }, { type: 'shard.gone', key: '1:1' }, { type: 'worker.left' });
    expect(state()).toEqual({ Offline: 'failed' });
  });
});
