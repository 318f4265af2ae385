import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.js';
import { createGatewaySimulator, type Fault } from '../../src/simulator/index.js';
import { Coverage } from '../model/coverage.js';
import { notRun } from '../model/simulator/notRun.js';
import { allMutants, machines } from '../mutation/all.js';
import { equivalents } from '../mutation/equivalents.js';
import { page } from './pages.js';

/** The coverage of a whole walk, one line a chart, as `npm test` prints it. */
function coverageLines(): string[] {
  return machines.map((machine) => {
    const coverage = new Coverage(machine);
    const [edges, guards, initials] = ['edge', 'guard refused', 'initial'].map((kind) => coverage.total(kind));
    return `${machine.id.padEnd(20)}${`${edges}/${edges}`.padEnd(8)}${`${guards}/${guards}`.padEnd(17)}${`${initials}/${initials}`.padEnd(11)}100 %`;
  });
}

test('docs/how-we-know.md counts edges, mutants and what is left out as they are', () => {
  const mutants = allMutants().length;
  const same = Object.keys(equivalents).length;
  const edges = new Coverage(shardMachine).total('edge');
  const taken = edges - Object.keys(notRun).length;
  const counted: readonly (readonly [RegExp, string])[] = [
    [
      /^chart  .*\n(?:\w+ +\d.*\n)+/m,
      `chart               edges   guards refused   initials   covered\n${coverageLines().join('\n')}\n`,
    ],
    [/breaks the charts in \d+ ways/, `breaks the charts in ${mutants} ways`],
    [/\d+ turn a test red\. \[The other \d+\]/, `${mutants - same} turn a test red. [The other ${same}]`],
    [/\d+ of the shard's \d+ edges/, `${taken} of the shard's ${edges} edges`],
    [/\[The other \d+\]\(\.\.\/test\/model\/simulator/, `[The other ${edges - taken}](../test/model/simulator`],
  ];
  const proof = page('docs/how-we-know.md');
  const wanted = counted.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), proof);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(new URL('../../docs/how-we-know.md', import.meta.url), wanted);
  else expect(proof, 'to write it: UPDATE_DOCS=1 npx vitest run test/docs/counts.test.ts').toBe(wanted);
  for (const [pattern] of counted) expect(wanted).toMatch(pattern);
});

test('every fault of docs/simulator.md is one the simulator takes', async () => {
  const simulator = await createGatewaySimulator();
  try {
    const guide = page('docs/simulator.md');
    const literals = [...guide.matchAll(/`(\{ at: .*?\})`/g)].map(([, literal = '']) => literal);
    expect(literals.length).toBeGreaterThan(10);
    for (const literal of literals.filter((text) => !text.includes('…'))) {
      const fault = JSON.parse(literal.replaceAll("'", '"').replaceAll(/(\w+):/g, '"$1":')) as Fault;
      expect(() => simulator.next(fault), literal).not.toThrow();
    }
    const calls = [...guide.matchAll(/^\|[^|]*\| (`\w+\(.*?) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/\w+(?=\()/g) ?? [],
    );
    expect(calls.length).toBeGreaterThan(8);
    expect(calls.filter((call) => !(call in simulator))).toEqual([]);
  } finally {
    await simulator.close();
  }
});
