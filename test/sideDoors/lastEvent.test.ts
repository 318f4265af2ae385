import { expect, test } from 'vitest';
import { createActor, createMachine, SimulatedClock } from 'xstate';
import { keepLastEvents, lastEventOf } from '../../src/shard/lastEvent.js';

const machine = keepLastEvents(
  createMachine({
    initial: 'off',
    states: { off: { on: { flip: 'on' } }, on: { after: { 1_000: 'off' } } },
  }),
);

test('an observer of an actor finds the event that led to the snapshot it is given', () => {
  const clock = new SimulatedClock();
  const actor = createActor(machine, { clock });
  const seen: unknown[] = [];
  actor.subscribe(({ value }) => seen.push([lastEventOf(actor)?.type, value]));
  actor.start();
  actor.send({ type: 'flip' });
  actor.send({ type: 'unknown' });
  clock.increment(1_000);
  expect(seen).toEqual([
    [undefined, 'off'],
    ['flip', 'on'],
    ['unknown', 'on'],
    [expect.stringContaining('xstate.after.1000'), 'off'],
  ]);
});

test('an event that changes nothing gives observers the very same snapshot', () => {
  const actor = createActor(machine, { clock: new SimulatedClock() }).start();
  const seen = new Set<unknown>([actor.getSnapshot()]);
  actor.subscribe((snapshot) => seen.add(snapshot));
  actor.send({ type: 'unknown' });
  expect(seen.size).toBe(1);
});

test('two actors of one machine have an event each, and an actor without one has undefined', () => {
  const [first, second] = [createActor(machine).start(), createActor(machine).start()];
  first.send({ type: 'flip' });
  expect([lastEventOf(first)?.type, lastEventOf(second)?.type]).toEqual(['flip', undefined]);
  first.stop();
  expect(lastEventOf(first)?.type).toBe('xstate.stop');
});
