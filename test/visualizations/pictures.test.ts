import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  bucketMachine,
  heartbeatMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  ownershipMachine,
  shardMachine,
  workerMachine,
} from '../../machines/index.js';
import { edgesOf, nodesOf, pathOf } from '../../visualizations/edges.js';
import { pictures } from '../../visualizations/pictures.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const drawn = await pictures();
const machines = [
  shardMachine,
  heartbeatMachine,
  bucketMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  workerMachine,
  ownershipMachine,
].map((machine) => [machine.id, machine] as const);

/** Values of an attribute, in the order of the file. */
const attribute = (svg: string, name: string) =>
  [...svg.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value.replaceAll('&gt;', '>'));

test.each(drawn.map(({ file, contents }) => [file, contents] as const))(
  '%s is as `npm run visualize` would write it',
  (file, contents) => expect(read(file) === contents, `${file} is stale`).toBe(true),
);

test.each(machines)('every state of the %s chart but its initial one is entered by some edge', (_id, machine) => {
  const entered = new Set(edgesOf(machine).map(({ target }) => target));
  const enteredWith = (path: string) => [...entered].some((target) => target === path || target.startsWith(`${path}.`));
  for (const node of nodesOf(machine.root).slice(1)) {
    const isInitial = node.parent?.initial?.target[0]?.key === node.key;
    expect(isInitial || enteredWith(pathOf(node)), pathOf(node)).toBe(true);
  }
});

test.each(machines)('the picture of the %s chart has every state once, with its name and its id', (id, machine) => {
  const svg = read(`visualizations/${id}.svg`);
  const nodes = nodesOf(machine.root);
  expect(attribute(svg, 'data-state').toSorted()).toEqual(nodes.map(pathOf).toSorted());
  expect(attribute(svg, 'id').filter((value) => value.startsWith('s:'))).toEqual(nodes.map((node) => `s:${node.id}`));
});

test.each(machines)(
  'the picture of the %s chart has every transition once, by the id an inspector derives',
  (id, machine) => {
    const transitions = nodesOf(machine.root).flatMap((node) =>
      [...node.transitions.values(), node.always ?? []].flat(),
    );
    const ids = transitions.map((t) => {
      const list = t.eventType === '' ? t.source.always : t.source.transitions.get(t.eventType);
      return `${t.source.id}|${t.eventType}|${list?.indexOf(t)}`;
    });
    const svg = read(`visualizations/${id}.svg`);
    expect(attribute(svg, 'data-edge').toSorted()).toEqual(ids.toSorted());
  },
);

test('the lifecycle picture names only transitions of the chart, each once', () => {
  const named = attribute(read('visualizations/lifecycle.svg'), 'data-edge').flatMap((ids) => ids.split(' '));
  const known = new Set(edgesOf(shardMachine).map(({ id }) => id));
  expect(named.filter((id) => !known.has(id))).toEqual([]);
  expect(new Set(named).size).toBe(named.length);
});

test('the pictures need nothing from elsewhere and both colour themes are in them', () => {
  for (const { contents } of drawn.filter(({ file }) => file.endsWith('.svg'))) {
    expect(contents).toContain('@media(prefers-color-scheme:dark)');
    expect(contents).not.toMatch(/var\(|@import|url\(|href="[^#]|<script|NaN|undefined/);
  }
});
