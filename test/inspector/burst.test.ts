import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, fromTransition, sendTo, setup } from 'xstate';
import { attachInspector } from '../../src/inspector/index.js';
import { Pipeline } from '../../src/inspector/pipeline.js';
import type { ObservationRecord } from '../../src/inspector/observation.js';
import { countingShard, namesNow, viewerOf } from './rig.js';

/** Conversion takes a while, and each poll opens one of the 20 viewers a second that are let in. */
const LATER = { timeout: 10_000, interval: 100 };

test('100 000 events in one turn are shown up to the limit and counted above it, and the last state is shown', async () => {
  const shard = countingShard();
  const warn = vi.fn();
  await using inspector = attachInspector(shard, { logger: { debug() {}, info() {}, warn, error() {} } });
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length === 1);
  for (let n = 0; n < 100_000; n++) shard.actor.send({ type: 'count' });
  const { dropped } = inspector;
  // Each event comes with a snapshot. A slow machine takes seconds for them, and each second has its 200.
  expect(dropped).toBeGreaterThan(150_000);
  expect(dropped).toBeLessThanOrEqual(199_800);
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.context, { timeout: 10_000 }).toEqual({ count: 100_000 });
  expect(viewer.texts.length).toBeLessThanOrEqual(1 + 200_000 - dropped + 1);
  expect(inspector.dropped).toBe(dropped);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('a limit of 100 000 a second still lets at most 10 000 observations wait', async () => {
  const shard = countingShard();
  await using inspector = attachInspector(shard, { maxEventsPerSecond: 100_000 });
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length === 1);
  for (let n = 0; n < 40_000; n++) shard.actor.send({ type: 'count' });
  expect(inspector.dropped).toBeGreaterThanOrEqual(80_000 - 10_000);
  await expect
    .poll(() => viewer.last('shard 0')?.snapshot?.context, { timeout: 20_000, interval: 500 })
    .toEqual({ count: 40_000 });
});

test('children that start and stop faster than they are shown leave nothing in the backlog', async () => {
  const child = createMachine({ id: 'child' });
  const root = createMachine({
    initial: 'one',
    on: { poke: { actions: sendTo('child', { type: 'poked' }) } },
    states: {
      one: { on: { next: 'two' }, invoke: { id: 'child', src: child } },
      two: { on: { next: 'one' } },
    },
  });
  const actor = createActor(root, { id: 'shard 0' }).start();
  await using inspector = attachInspector({ id: 0, actor }, { maxEventsPerSecond: 50 });
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length > 0);
  for (let n = 0; n < 2_000; n++) actor.send({ type: 'next' });
  expect(inspector.dropped).toBeGreaterThan(0);
  const { value } = actor.getSnapshot();
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.value, { timeout: 10_000 }).toBe(value);
  await expect.poll(() => namesNow(inspector), LATER).toEqual(['shard 0', 'child']);
});

test('a child that throws or rejects leaves nothing in the backlog, even if an event is sent to it later', async () => {
  const root = setup({
    actors: {
      throwsAtOnce: fromCallback(() => {
        throw new Error('fails at once');
      }),
      rejects: fromPromise(() => Promise.reject(new Error('fails later'))),
      transitionThrows: fromTransition(() => {
        throw new Error('fails in its transition');
      }, 0),
    },
  }).createMachine({
    initial: 'one',
    states: {
      one: {
        on: { next: 'two' },
        invoke: [
          { src: 'throwsAtOnce', id: 'a', onError: {} },
          { src: 'rejects', id: 'b', onError: {} },
          { src: 'transitionThrows', id: 'c', onError: {} },
        ],
        entry: sendTo('c', { type: 'any' }),
      },
      two: { on: { next: 'one' } },
    },
  });
  const actor = createActor(root, { id: 'shard 0' }).start();
  await using inspector = attachInspector({ id: 0, actor });
  for (let n = 0; n < 10; n++) {
    actor.send({ type: 'next' });
    await nextTurn();
  }
  const ended = actor.getSnapshot().children['c'];
  actor.send({ type: 'next' });
  ended?.send({ type: 'too late' });
  await expect.poll(() => namesNow(inspector), LATER).toEqual(['shard 0']);
  expect(inspector.attached).toEqual([0]);
});

test('observations wait up to a bound and are converted in slices, with a turn of the event loop between two', async () => {
  const shown = vi.fn();
  const pipeline = new Pipeline({ onFrame: shown, onActorEnd: () => {}, onFailure: () => {} });
  const { actor: ref } = countingShard();
  const seen = (kind: 'event' | 'gone'): ObservationRecord => ({
    observation: kind === 'gone' ? { kind, ref } : { kind, ref, event: { type: 'x' }, source: null },
    at: 0,
    rootId: 'x:0',
    isWanted: () => true,
  });
  let taken = 0;
  for (let n = 0; n < 100_000; n++) if (pipeline.push(seen('event'))) taken += 1;
  expect([taken, pipeline.waiting]).toEqual([10_000, 10_000]);
  expect(pipeline.push(seen('gone'))).toBe(true);
  pipeline.open(() => {
    // The loop takes longer than a slice.
    const until = performance.now() + 3;
    while (performance.now() < until);
    return { kind: 'event', sessionId: 'x:0', rootId: 'x:0', text: '{}' };
  });
  for (let turn = 1; turn <= 5; turn++) {
    await nextTurn();
    expect(shown.mock.calls.length).toBeLessThanOrEqual(turn + 1);
  }
  expect(shown).toHaveBeenCalled();
  pipeline.close();
  const { length } = shown.mock.calls;
  await nextTurn();
  expect([shown.mock.calls.length, pipeline.waiting]).toEqual([length, 0]);
});
