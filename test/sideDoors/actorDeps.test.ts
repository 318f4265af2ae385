import { expect, test } from 'vitest';
import { createActor, createMachine, fromCallback } from 'xstate';
import { bindDeps, depsOf, type ActorDeps } from '../../src/shard/actorDeps.js';

const found: unknown[] = [];
const leaf = fromCallback(({ system }) => void found.push(depsOf(system)));
const child = createMachine({ invoke: { src: leaf } });
const machine = createMachine({ invoke: [{ src: leaf }, { src: child }] });

test('an actor and all below it find what was bound to its system, and another actor of the machine finds its own', () => {
  const owners = ['one', 'two'] as unknown as ActorDeps[];
  for (const owner of owners) {
    const actor = createActor(machine);
    bindDeps(actor.system, owner);
    actor.start();
  }
  expect(found).toEqual(['one', 'one', 'two', 'two']);
});

test('an actor whose system has nothing bound to it is refused', () => {
  expect(() => depsOf(createActor(machine).system)).toThrow('before it was assembled');
});
