import { describe, expect, test } from 'vitest';
import { StateMachine, type AnyStateMachine } from 'xstate';
import { ours } from '../machines/scripted.js';
import { allMutants, complaint, killer } from './check.js';

/** Every so many mutants are in the sample. `npm run test:mutation` takes them all. */
const EVERY = 10;

const mutants = allMutants();
const sample = mutants.filter((_, index) => index % EVERY === 0);

const copy = <Machine extends AnyStateMachine>({ config, implementations }: Machine) =>
  new StateMachine(config as never, implementations as never) as unknown as Machine;

describe('a chart with one thing wrong turns a test red', () => {
  test.each(sample)('$id', (mutant) => {
    expect(killer(mutant)).not.toBeNull();
  });
});

test('the sample has every kind of mutant but the rarest', () => {
  const kinds = new Set(mutants.map(({ operator }) => operator));
  expect(kinds.size).toBe(11);
  expect(new Set(sample.map(({ operator }) => operator)).size).toBeGreaterThan(7);
});

test('no two mutants have the same id', () => {
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});

test('charts with nothing wrong survive, as copies too', () => {
  const copies = { shard: copy(ours.shard), heartbeat: copy(ours.heartbeat), bucket: copy(ours.bucket) };
  expect(complaint(copies, 1)).toBeNull();
});
