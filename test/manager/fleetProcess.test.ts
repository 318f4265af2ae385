import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ShardStatus } from '../../src/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { story, until } from '../shard/rig.js';

const program = fileURLToPath(new URL('../programs/fleet.mjs', import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/index.js', import.meta.url)));
if (!isBuilt) console.warn('SKIPPED: the tests of a fleet in its own process need dist. Run: npm run build');

const TOTAL = 16;
const DEBOUNCE_MS = 200;
/** Longest delay of the session file: a shard calls the store each `debounce`, and the store writes within another. */
const WINDOW_MS = 2 * DEBOUNCE_MS;
/** Allowance for a busy disk and event loop. */
const SLACK_MS = 600;
/** Longer than a kill may lose, so that some events must not come twice. */
const STREAM_MS = 3 * (WINDOW_MS + SLACK_MS);

const folder = mkdtempSync(join(tmpdir(), 'shardchart-fleet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const simulate = () =>
  createGatewaySimulator({
    shards: TOTAL,
    maxConcurrency: TOTAL,
    identifyWindow: 0,
    heartbeatSlack: 20_000,
    sendLimit: 10_000,
  });

/** One run of the bot, in its own process. */
class Life implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string | null>;
  /** Sent by the process when all shards are up. */
  report: { readonly shards: readonly ShardStatus[]; readonly errors: readonly string[] } | null = null;
  readonly #seen: string;

  constructor({ apiUrl }: GatewaySimulator, name: string, life: 'first' | 'second') {
    this.#seen = join(folder, `${name}.${life}`);
    const argument = { api: apiUrl, file: join(folder, `${name}.json`), seen: this.#seen, debounce: DEBOUNCE_MS };
    this.child = fork(program, [JSON.stringify(argument)]);
    this.child.on('message', (report) => void (this.report = report as Life['report']));
    this.exit = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  up(): Promise<void> {
    return until(() => this.report !== null, 20_000);
  }

  /** Numbers its listener was called with, in that order. */
  get seen(): number[] {
    return existsSync(this.#seen) ? readFileSync(this.#seen, 'utf8').split('\n').slice(0, -1).map(Number) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }
}

/** Numbered messages to one shard after the other. */
function stream(simulator: GatewaySimulator) {
  const sentAt: number[] = [];
  const timer = setInterval(() => {
    const n = sentAt.length;
    simulator.dispatch('MESSAGE_CREATE', { n }, n % TOTAL);
    sentAt.push(performance.now());
  }, 2);
  return { sentAt, stop: () => clearInterval(timer) };
}

/** One process ends by this signal in the middle of a stream, and another goes on. */
async function twoLives(simulator: GatewaySimulator, name: string, signal: NodeJS.Signals) {
  await using first = new Life(simulator, name, 'first');
  await first.up();
  const { sentAt, stop } = stream(simulator);
  try {
    const begun = performance.now();
    await until(() => performance.now() - begun > STREAM_MS && first.seen.length > 100, 20_000);
    const endedAt = performance.now();
    first.child.kill(signal);
    const exit = await first.exit;

    await using second = new Life(simulator, name, 'second');
    await second.up();
    const mark = sentAt.length;
    await until(() => sentAt.length > mark + 100);
    stop();
    await until(() => second.seen.includes(sentAt.length - 1));
    const all = () => new Set([...first.seen, ...second.seen]);
    // The assertions of the test say more about a missing number than a timeout here.
    await until(() => all().size === sentAt.length, 5_000).catch(() => {});
    return { exit, endedAt, sentAt, first: first.seen, second: second.seen, report: second.report };
  } finally {
    stop();
  }
}

const missing = ({ sentAt, first, second }: Awaited<ReturnType<typeof twoLives>>) => {
  const seen = new Set([...first, ...second]);
  return [...sentAt.keys()].filter((n) => !seen.has(n));
};
const doubled = ({ first, second }: Awaited<ReturnType<typeof twoLives>>) => {
  const seen = new Set(first);
  return second.filter((n) => seen.has(n));
};

/** Expects each number at most once, and those of a shard in order. */
function expectOrder(seen: readonly number[]): void {
  for (let shard = 0; shard < TOTAL; shard += 1) {
    const own = seen.filter((n) => n % TOTAL === shard);
    expect(own).toEqual([...new Set(own)].toSorted((a, b) => a - b));
  }
}

function expectResumed(simulator: GatewaySimulator, { report }: Awaited<ReturnType<typeof twoLives>>): void {
  expect(report?.shards.map(({ resumes }) => resumes)).toEqual(Array(TOTAL).fill(1));
  expect(report?.errors).toEqual([]);
  expect(simulator.identifies).toHaveLength(TOTAL);
  expect(story(simulator).slice(TOTAL)).toEqual(Array(TOTAL).fill('resume /resume'));
  expect(simulator.violations).toEqual([]);
}

describe.runIf(isBuilt).concurrent('a process of 16 shards with a session file, under a stream of dispatches,', () => {
  test('killed by SIGKILL resumes all, misses no dispatch, and repeats only those younger than the file', async () => {
    await using simulator = await simulate();
    const lives = await twoLives(simulator, 'killed', 'SIGKILL');
    expect(lives.exit).toBe('SIGKILL');
    expectResumed(simulator, lives);
    expect(missing(lives)).toEqual([]);
    expectOrder(lives.first);
    expectOrder(lives.second);
    const { endedAt, sentAt } = lives;
    const doubles = doubled(lives);
    const age = (n: number) => endedAt - (sentAt[n] ?? 0);
    expect(doubles.filter((n) => age(n) > WINDOW_MS + SLACK_MS)).toEqual([]);
    expect(doubles.length).toBeLessThan(lives.first.length / 2);
  });

  test('ended by SIGTERM receives every dispatch exactly once over both runs', async () => {
    await using simulator = await simulate();
    const lives = await twoLives(simulator, 'ended', 'SIGTERM');
    expect(lives.exit).toBe(0);
    expectResumed(simulator, lives);
    expect(missing(lives)).toEqual([]);
    expect(doubled(lives)).toEqual([]);
    expectOrder(lives.first);
    expectOrder(lives.second);
  });
});
