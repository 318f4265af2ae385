import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { hasZstd } from '../../src/actors/inflate/createInflater.js';
import { hasRedis } from '../fleet/redisRig.js';
import { zlibSync, zlibSyncFlaw } from './zlibSync.mjs';

const script = fileURLToPath(new URL('bench.mjs', import.meta.url));

interface Spread {
  median: number;
  low: number;
  high: number;
}

interface Report {
  skipped: string[];
  parts: {
    dispatch: { bytesAnEvent: number; messages: number; results: { id: string; compression: string; ratio: Spread }[] };
    idle: { results: { id: string; guilds: number; rssKiB: Spread; startUpMs: Spread; idlePercent: Spread }[] };
    latency: { results: { id: string; p50Us: number; p99Us: number }[] };
    inflate: { results: { name: string; ratio: Spread }[] };
    costs: { results: { name: string; ratio: Spread }[] };
    cores: { throughput: Spread; posted: Spread };
    bots: { results: { id: string; ratio: Spread; rssMiB: Spread; recoveryMs: number }[] };
  };
}

interface FleetReport {
  readonly results: readonly { readonly id: string }[];
  readonly takeover: { readonly kills: number; readonly identifies: number; readonly worstMs: number };
}

const COMPRESSIONS = ['zlib-stream', 'none', ...(hasZstd ? ['zstd-stream'] : [])];
const CLIENTS = ['bare', 'bare-messages', 'shardchart', 'shardchart-minizlib', 'shardchart-messages'];

const canRun = zlibSync !== null;
if (!canRun) console.warn(`${zlibSyncFlaw}: the benchmark is SKIPPED, its bare loop needs zlib-sync`);
console.warn('the peers of the benchmark are SKIPPED here: npm run bench installs and runs them');

// A part that did not hear every event, or whose shards did not all beat, fails the run.
test.skipIf(!canRun)(
  'the benchmark runs: every client hears every event, and every part reports',
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'shardchart-bench-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const chart = join(folder, 'chart.svg');
    const size = ['--rounds', '1', '--events', '2000', '--warm-up', '200', '--shards', '5', '--idle-seconds', '2'];
    const which = ['--clients', CLIENTS.join(','), '--compressions', COMPRESSIONS.join(), '--no-install'];
    const output = execFileSync(process.execPath, [script, ...size, ...which, '--json', '--chart', chart], {
      encoding: 'utf8',
    });
    const { skipped, parts } = JSON.parse(output) as Report;
    expect(skipped).toEqual([]);
    const { dispatch, inflate, idle, latency, costs, cores, bots } = parts;
    expect(dispatch.bytesAnEvent).toBeGreaterThan(700);
    expect(dispatch.messages).toBeGreaterThan(300);
    expect(dispatch.results.map(({ compression, id }) => `${id} ${compression}`)).toEqual(
      COMPRESSIONS.flatMap((compression) =>
        CLIENTS.filter((id) => compression === 'zlib-stream' || id !== 'shardchart-minizlib').map(
          (id) => `${id} ${compression}`,
        ),
      ),
    );
    for (const { ratio } of [...dispatch.results, ...inflate.results, ...costs.results]) {
      expect(ratio.median).toBeGreaterThan(0);
      expect(ratio.low).toBeLessThanOrEqual(ratio.high);
    }
    expect(idle.results.map(({ id, guilds }) => `${id} ${guilds}`)).toEqual(
      [0, 20].flatMap((guilds) => ['bare', 'shardchart', 'shardchart-minizlib'].map((id) => `${id} ${guilds}`)),
    );
    expect(inflate.results).toHaveLength(4);
    expect(latency.results.map(({ id }) => id)).toEqual(['bare', 'shardchart']);
    for (const { p50Us, p99Us } of latency.results) expect(p99Us).toBeGreaterThanOrEqual(p50Us);
    expect(costs.results[0]).toMatchObject({ name: 'one listener', ratio: { median: 1 } });
    expect(bots.results.map(({ id }) => id)).toEqual(['bot', 'bot-shardchart', 'bot-messages']);
    for (const { ratio, recoveryMs } of bots.results) expect(Math.min(ratio.median, recoveryMs)).toBeGreaterThan(0);
    expect(cores.throughput.median).toBeGreaterThan(0);
    expect(cores.posted.median).toBeGreaterThan(0);
    expect(readFileSync(chart, 'utf8')).toMatch(/^<svg [^]*prefers-color-scheme:dark[^]*<\/svg>\n$/);
  },
);

test.skipIf(!canRun || !hasRedis)(
  'the part of the fleet publishes, claims, idles and takes over',
  { timeout: 120_000 },
  () => {
    const size = ['--rounds', '1', '--events', '320', '--kills', '1', '--idle-seconds', '1', '--compressions', 'none'];
    const output = execFileSync(process.execPath, [script, '--only', 'fleet', ...size, '--no-install', '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { fleet } = (JSON.parse(output) as { parts: { fleet: FleetReport } }).parts;
    expect(fleet.results.map(({ id }) => id)).toEqual(['bare', 'published', 'bareRead', 'consumed']);
    expect(fleet.takeover).toMatchObject({ kills: 1, identifies: 12 });
    expect(fleet.takeover.worstMs).toBeGreaterThan(1_000);
  },
);
