import { describe, expect, test, vi } from 'vitest';
import { createActor, setup } from 'xstate';
import type { SlotReport } from '../../machines/shard.types.js';
import { slotLogic } from '../../src/actors/identifySlot.js';
import type { IdentifyGrant, IdentifyLimiter } from '../../src/identify/limiter.js';

const TOKEN = 'obviously-fake';
const redact = (text: string) => text.replaceAll(TOKEN, '[redacted]');

interface Trial {
  readonly limiter: IdentifyLimiter;
  readonly prepare?: () => Promise<void>;
}

/** A shard that does nothing but wait for its slot, until it has to leave. */
function awaitSlot({ limiter, prepare = () => Promise.resolve() }: Trial) {
  const reports: SlotReport[] = [];
  const actor = createActor(
    setup({
      types: { events: {} as SlotReport | { type: 'leave' } },
      actors: { slot: slotLogic(() => ({ limiter, prepare, onCancelFailed: () => {}, redact })) },
      actions: { note: (_, report: SlotReport) => reports.push(report) },
    }).createMachine({
      initial: 'waiting',
      states: {
        waiting: { invoke: { src: 'slot', input: { shardId: 3 } }, on: { leave: 'away' } },
        away: {},
      },
      on: {
        'slot.granted': { actions: { type: 'note', params: ({ event }) => event } },
        'slot.expired': { actions: { type: 'note', params: ({ event }) => event } },
        'slot.failed': { actions: { type: 'note', params: ({ event }) => event } },
      },
    }),
  ).start();
  return { reports, leave: () => actor.send({ type: 'leave' }), stop: () => actor.stop() };
}

function fakeGrant(commits: boolean | (() => Promise<boolean>) = true) {
  const calls: string[] = [];
  const grant: IdentifyGrant = {
    commit: () => {
      calls.push('commit');
      return typeof commits === 'boolean' ? commits : commits();
    },
    cancel: () => void calls.push('cancel'),
  };
  return { grant, calls };
}

describe('the identify slot', () => {
  test('asks the limiter for its own shard, commits the grant and then says so', async () => {
    const { grant, calls } = fakeGrant();
    const acquire = vi.fn(() => Promise.resolve(grant));
    const { reports } = awaitSlot({ limiter: { acquire } });
    await vi.waitFor(() => expect(reports).toEqual([{ type: 'slot.granted' }]));
    expect(calls).toEqual(['commit']);
    expect(acquire).toHaveBeenCalledExactlyOnceWith(3, { signal: expect.any(AbortSignal) });
  });

  test('the IDENTIFY is prepared before the limiter is asked', async () => {
    const order: string[] = [];
    const { grant } = fakeGrant();
    const { reports } = awaitSlot({
      prepare: async () => {
        await Promise.resolve();
        order.push('prepared');
      },
      limiter: {
        acquire: () => {
          order.push('acquired');
          return Promise.resolve(grant);
        },
      },
    });
    await vi.waitFor(() => expect(reports).toHaveLength(1));
    expect(order).toEqual(['prepared', 'acquired']);
  });

  test('a grant that has run out is reported as expired', async () => {
    const { grant } = fakeGrant(false);
    const { reports } = awaitSlot({ limiter: { acquire: () => Promise.resolve(grant) } });
    await vi.waitFor(() => expect(reports).toEqual([{ type: 'slot.expired' }]));
  });

  test('left while it queues: the signal is aborted and nothing is reported', async () => {
    const signals: AbortSignal[] = [];
    const limiter: IdentifyLimiter = {
      acquire: (_, { signal }) => {
        signals.push(signal);
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
      },
    };
    const { reports, leave } = awaitSlot({ limiter });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    leave();
    expect(signals[0]?.aborted).toBe(true);
    await new Promise(setImmediate);
    expect(reports).toEqual([]);
  });

  test('left just before the grant came: the grant is given back, not committed', async () => {
    const { grant, calls } = fakeGrant();
    const { promise, resolve } = deferred<IdentifyGrant>();
    const acquire = vi.fn(() => promise);
    const { reports, leave } = awaitSlot({ limiter: { acquire } });
    await vi.waitFor(() => expect(acquire).toHaveBeenCalled());
    leave();
    resolve(grant);
    await vi.waitFor(() => expect(calls).toEqual(['cancel']));
    expect(reports).toEqual([]);
  });

  test('left while a grant is being committed elsewhere: nothing is reported', async () => {
    const { promise, resolve } = deferred<boolean>();
    const { grant, calls } = fakeGrant(() => promise);
    const { reports, leave } = awaitSlot({ limiter: { acquire: () => Promise.resolve(grant) } });
    await vi.waitFor(() => expect(calls).toEqual(['commit']));
    leave();
    resolve(true);
    await new Promise(setImmediate);
    expect(reports).toEqual([]);
  });

  test.each<[string, IdentifyLimiter['acquire']]>([
    ['rejects', () => Promise.reject(new Error(`bad ${TOKEN}`))],
    [
      'throws',
      () => {
        throw new Error(`bad ${TOKEN}`);
      },
    ],
    [
      'has a commit that rejects',
      () => Promise.resolve(fakeGrant(() => Promise.reject(new Error(`bad ${TOKEN}`))).grant),
    ],
  ])('a limiter that %s is reported as failed, without the token', async (_, acquire) => {
    const { reports } = awaitSlot({ limiter: { acquire } });
    await vi.waitFor(() => expect(reports).toEqual([{ type: 'slot.failed', reason: 'bad [redacted]' }]));
  });

  test('stopped with the whole shard, it gives its place back', async () => {
    const signals: AbortSignal[] = [];
    const { stop } = awaitSlot({
      limiter: {
        acquire: (_, { signal }) => {
          signals.push(signal);
          return new Promise(() => {});
        },
      },
    });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    stop();
    expect(signals[0]?.aborted).toBe(true);
  });
});

function deferred<T>() {
  const settle: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => settle.push(resolve));
  return { promise, resolve: (value: T) => settle[0]?.(value) };
}
