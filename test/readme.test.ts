import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { shardMachine } from '../machines/index.js';
import { createGatewaySimulator, type Fault, type GatewaySimulator } from '../src/simulator/index.js';
import { Coverage } from './model/coverage.js';
import { notRun } from './model/simulator/notRun.js';
import { equivalents } from './mutation/equivalents.js';
import { allMutants, machines } from './mutation/all.js';

const root = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const examples = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, code = '']) => code);

// Inside the package, so that `shardchart` resolves to its own exports: the examples run against what is published.
const folder = new URL('dist/readme/', root);
const running: ChildProcess[] = [];
let simulator: GatewaySimulator;

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await simulator.close();
});

/** Starts an example as it stands, but for the gateway's address. */
async function start(example: string, on?: GatewaySimulator) {
  simulator = on ?? (await createGatewaySimulator({ identifyWindow: 0, shards: 2, maxConcurrency: 4 }));
  const file = new URL(`example-${examples.indexOf(example)}.mjs`, folder);
  writeFileSync(
    file,
    example.replace('token: process.env.DISCORD_TOKEN,', (line) =>
      example.includes('createShardManager')
        ? `${line} api: '${simulator.apiUrl}',`
        : `${line} url: '${simulator.url}',`,
    ),
  );
  const child = spawn(process.execPath, [fileURLToPath(file)], {
    cwd: fileURLToPath(folder),
    env: { ...process.env, DISCORD_TOKEN: 'readme.example.token' },
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited, output: () => output };
}

const example = (marker: string): string => {
  const found = examples.find((code) => code.includes(marker));
  if (found === undefined) throw new Error(`The README has no example with "${marker}".`);
  return found;
};

test('the bot of the README is 15 lines, hears messages and shuts down on SIGINT', async () => {
  const code = example("process.once('SIGINT'");
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  const { child, exited, output } = await start(code);
  await expect.poll(output, { timeout: 20_000 }).toContain('up as shard 0 of 1');
  simulator.dispatch('MESSAGE_CREATE', { channel_id: '7', author: { username: 'somebody' } });
  await expect.poll(output, { timeout: 20_000 }).toContain('somebody wrote in 7');
  child.kill('SIGINT');
  expect(await exited).toBe(0);
  expect(output()).toContain('Connected -> Disconnected shutdown requested');
});

test('the session store example resumes and spends one identify', async () => {
  const { exited, output } = await start(example('createMemorySessionStore'));
  expect(await exited).toBe(0);
  expect(output()).toContain('resumed, 0 missed dispatches replayed');
  expect(simulator.identifies).toHaveLength(1);
});

test('the sharded bot runs the recommended shards, and after a SIGTERM the next process resumes them', async () => {
  const code = example('createFileSessionStore');
  rmSync(new URL('sessions.json', folder), { force: true });
  const first = await start(code);
  await expect.poll(first.output, { timeout: 20_000 }).toContain('2 of 2 shards up');
  simulator.dispatch('MESSAGE_CREATE', { author: { username: 'somebody' } }, 1);
  await expect.poll(first.output, { timeout: 20_000 }).toContain('somebody wrote to shard 1');
  first.child.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  const second = await start(code, simulator);
  await expect.poll(second.output, { timeout: 20_000 }).toContain('2 of 2 shards up');
  expect(simulator.identifies).toHaveLength(2);
  second.child.kill('SIGTERM');
  expect(await second.exited).toBe(0);
  expect(simulator.violations).toEqual([]);
});

test('the example that restarts, reshards and scales breaks no rule', { timeout: 60_000 }, async () => {
  const { exited, output } = await start(example('manager.reshard('));
  expect(await exited).toBe(0);
  expect(output().trim()).toBe('4 [ 0, 1 ]');
  expect([simulator.identifies.length, simulator.violations]).toEqual([2 + 4, []]);
});

test('the audit log example verifies its own log', async () => {
  const { exited, output } = await start(example('createAuditLog'));
  expect(await exited).toBe(0);
  expect(output()).toMatch(/Connecting -> Identifying/);
  expect(output()).toContain('{ ok: true, records: 5, shards: 1 }');
});

test('the inspector example shows the shard and ends', async () => {
  const { exited, output } = await start(example('attachInspector'));
  expect(await exited).toBe(0);
  expect(output().trim()).toMatch(/^open http:\/\/127\.0\.0\.1:\d+\/ in a browser\nshows shard 0, 0 events dropped$/);
});

test('the dashboard example serves a page and ends', async () => {
  const { exited, output } = await start(example('serveDashboard'));
  expect(await exited).toBe(0);
  expect(output().trim()).toMatch(/^open http:\/\/127\.0\.0\.1:\d+\/ in a browser\n2 shards to look at$/);
});

test('the simulator example resumes and sees no rule broken', async () => {
  const { exited, output } = await start(example('simulator.reset()'));
  expect(await exited).toBe(0);
  expect(output().trim()).toBe('{ replayed: 1 } []');
});

test('the chart runs without the face', async () => {
  const { exited, output } = await start(example('initialTransition'));
  expect(await exited).toBe(0);
  expect(output()).toContain("{ Offline: 'fatal' } 4014 disallowed intents");
});

test('every example of the README is run by a test of this file', () => expect(examples).toHaveLength(9));

test('the README counts edges, mutants and what is left out as they are', () => {
  for (const machine of machines) {
    const coverage = new Coverage(machine);
    const totals = ['edge', 'guard refused', 'initial'].map((kind) => coverage.total(kind));
    const row = totals.map((total) => `${total}/${total}`);
    expect(readme).toMatch(new RegExp(`^${[machine.id, ...row, '100 %'].join(' +')}$`, 'm'));
  }
  const mutants = allMutants().length;
  const same = Object.keys(equivalents).length;
  expect(readme).toContain(`breaks the charts in ${mutants} ways`);
  expect(readme).toContain(`${mutants - same} turn a test red`);
  expect(same).toBe(14);
  const edges = new Coverage(shardMachine).total('edge');
  expect(readme).toContain(`${edges - Object.keys(notRun).length} of the shard's ${edges} edges`);
});

test('every fault of the README is one the simulator takes', async () => {
  simulator = await createGatewaySimulator();
  const literals = [...readme.matchAll(/`(\{ at: .*?\})`/g)].map(([, literal = '']) => literal);
  expect(literals.length).toBeGreaterThan(10);
  for (const literal of literals.filter((text) => !text.includes('…'))) {
    const fault = JSON.parse(literal.replaceAll("'", '"').replaceAll(/(\w+):/g, '"$1":')) as Fault;
    expect(() => simulator.next(fault), literal).not.toThrow();
  }
  const calls = [...readme.matchAll(/^\|[^|]*\| (`\w+\(.*?) \|/gm)].flatMap(
    ([, cell = '']) => cell.match(/\w+(?=\()/g) ?? [],
  );
  const known = calls.filter((call) => call in simulator);
  expect(known).toEqual(expect.arrayContaining(['silence', 'reset', 'closeWith', 'killResumeUrl', 'sendCorrupt']));
});
