import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bucketMachine, heartbeatMachine, shardMachine } from '../machines/index.js';
import { edgesOf, nodesOf, pathOf } from '../visualizations/edges.js';
import { pictures } from '../visualizations/pictures.js';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test.each(pictures(read).map(({ file, contents }) => [file, contents] as const))(
  '%s is as `npm run visualize` would write it',
  (file, contents) => expect(read(file)).toBe(contents),
);

test.each([shardMachine, heartbeatMachine, bucketMachine].map((machine) => [machine.id, machine] as const))(
  'every state of the %s chart but its initial one is entered by some edge',
  (_id, machine) => {
    const entered = new Set(edgesOf(machine).map(({ target }) => target));
    const enteredWith = (path: string) =>
      [...entered].some((target) => target === path || target.startsWith(`${path}.`));
    for (const node of nodesOf(machine.root).slice(1)) {
      const isInitial = node.parent?.initial?.target[0]?.key === node.key;
      expect(isInitial || enteredWith(pathOf(node)), pathOf(node)).toBe(true);
    }
  },
);
