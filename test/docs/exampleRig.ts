import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { createGatewaySimulator, type GatewaySimulator, type SimulatorOptions } from '../../src/simulator/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const preload = new URL('preload/simulated.mjs', import.meta.url).href;

/** Every file in `examples/`, by name. */
export const examples = new Map(
  readdirSync(join(root, 'examples')).map((name) => [name, readFileSync(join(root, 'examples', name), 'utf8')]),
);

/** A gateway that is closed when the test is over, and that has seen no rule broken. */
export async function simulate(options: SimulatorOptions = {}): Promise<GatewaySimulator> {
  const simulator = await createGatewaySimulator({ identifyWindow: 0, shards: 2, maxConcurrency: 4, ...options });
  onTestFinished(async () => {
    await simulator.close();
    expect(simulator.violations).toEqual([]);
  });
  return simulator;
}

/** Answers every message that a bot sends, and keeps what it sends. */
export async function answering() {
  const sent: unknown[] = [];
  const simulator = await simulate({
    shards: 1,
    guilds: [{ id: '41771983423143937', name: 'chess club' }],
    api: ({ method, path, body }) => {
      sent.push([`${method} ${path.replace(/\d+/, 'ID')}`, (body as { content: unknown }).content]);
      return { body: simulator.message(body as { content: string }) };
    },
  });
  return { simulator, sent };
}

/** A folder for the files that an example writes; removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardchart-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface RunningExample {
  /** The text printed until now, stdout and stderr. */
  output(): string;
  /** Resolves when the text was printed. */
  prints(text: string | RegExp): Promise<void>;
  end(signal: 'SIGINT' | 'SIGTERM'): void;
  readonly exitCode: Promise<number | null>;
}

interface Surroundings {
  readonly folder?: string;
  /** Stands in for https://discord.com/api/v10; the simulator's own where left out. */
  readonly api?: string;
  readonly env?: Record<string, string>;
}

/** Runs a file of `examples/` as it stands, in a process of its own, against the simulator instead of Discord. */
export function runExample(name: string, simulator: GatewaySimulator | null, on: Surroundings = {}): RunningExample {
  const child = spawn(process.execPath, ['--import', preload, join(root, 'examples', name)], {
    cwd: on.folder ?? root,
    env: {
      ...process.env,
      DISCORD_TOKEN: 'example.token.of.the.documentation',
      EXAMPLE_API: on.api ?? simulator?.apiUrl,
      EXAMPLE_GATEWAY: simulator?.url,
      ...on.env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    output: () => output,
    prints: (text) => expect.poll(() => output, { timeout: 20_000 }).toMatch(text),
    end: (signal) => void child.kill(signal),
    exitCode,
  };
}
