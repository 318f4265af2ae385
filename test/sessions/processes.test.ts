import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileSessionStore, type Session } from '../../src/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { Command } from '../cli/command.js';
import { scenario, story, until } from '../shard/rig.js';

const program = fileURLToPath(new URL('../programs/sessions.mjs', import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/index.js', import.meta.url)));
if (!isBuilt) console.warn('SKIPPED: tests of whole processes, for dist is not built: npm run build');

/** Longer than any test: the debounce causes no write. */
const NEVER_MS = 600_000;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'shardchart-sessions-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newFile = () => join(folder, `sessions-${(files += 1)}.json`);

/** Sessions in the file; empty before the first write. */
function sessionsIn(file: string): Record<string, Session> {
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, 'utf8')) as { sessions: Record<string, Session> }).sessions;
}
const sequences = (file: string) => Object.values(sessionsIn(file)).map(({ sequence }) => sequence);

/** Heartbeats, whose acks bring sequences to the store, so slow that a machine under load is no zombie. */
const simulate = (heartbeatInterval = 600) =>
  createGatewaySimulator({ identifyWindow: 0, heartbeatInterval, heartbeatSlack: 20_000, sendLimit: 10_000 });

interface Message {
  readonly shard: number;
  readonly up?: 'ready' | 'resumed';
  readonly replayed?: number;
  readonly stored?: number;
  readonly error?: string;
}

interface BotOptions {
  readonly file: string;
  readonly total?: number;
  readonly debounce?: number;
  readonly deed?: string;
}

/** A child process that runs the program. */
class Bot implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly messages: Message[] = [];
  readonly exit: Promise<number | string | null>;
  readonly #total: number;

  constructor({ url }: GatewaySimulator, options: BotOptions) {
    this.#total = options.total ?? 1;
    const argument = { url, total: this.#total, debounce: 20, deed: 'goes on until it is killed', ...options };
    this.child = fork(program, [JSON.stringify(argument)]);
    this.child.on('message', (message) => void this.messages.push(message as Message));
    this.exit = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  /** Messages of the shards that came up, by shard id. */
  async up(): Promise<Message[]> {
    const ups = () => this.messages.filter(({ up }) => up !== undefined);
    await until(() => ups().length === this.#total, 20_000);
    return ups().toSorted((a, b) => a.shard - b.shard);
  }

  /** Waits until every shard has saved this sequence, at the ack of a heartbeat. */
  async stored(sequence: number): Promise<void> {
    const shards = () =>
      new Set(this.messages.filter(({ stored = 0 }) => stored >= sequence).map(({ shard }) => shard));
    await until(() => shards().size === this.#total, 20_000);
  }

  get errors() {
    return this.messages.flatMap(({ error }) => error ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }
}

describe.runIf(isBuilt).concurrent('a process with its sessions in a file', () => {
  it('resumes every shard without an identify after kill -9', async () => {
    // A busy machine that is late for an ack would have a shard resume once more.
    await using simulator = await simulate(3_000);
    const [file, total] = [newFile(), 4];
    await using first = new Bot(simulator, { file, total });
    expect((await first.up()).map(({ up }) => up)).toEqual(Array(total).fill('ready'));
    for (let count = 0; count < 20; count += 1) simulator.dispatch('TYPING_START', {});
    await until(() => sequences(file).filter((sequence) => sequence === 21).length === total);
    first.child.kill('SIGKILL');
    expect(await first.exit).toBe('SIGKILL');
    await until(() => simulator.connections.every(({ open }) => !open));
    for (let count = 0; count < 3; count += 1) simulator.dispatch('TYPING_START', {});

    await using second = new Bot(simulator, { file, total });
    expect(await second.up()).toMatchObject(
      Array.from({ length: total }, (_, shard) => ({ shard, up: 'resumed', replayed: 3 })),
    );
    expect(simulator.identifies).toHaveLength(total);
    expect(story(simulator).slice(total)).toEqual(Array(total).fill('resume /resume'));
    expect(simulator.violations).toEqual([]);
    expect([...first.errors, ...second.errors]).toEqual([]);
  });

  it('leaves a whole file after kill -9 at any moment, and resumes five times in a row', async () => {
    await using simulator = await simulate();
    const [file, total] = [newFile(), 2];
    const dispatches = setInterval(() => simulator.dispatch('TYPING_START', {}), 1);
    try {
      for (let times = 0; times < 5; times += 1) {
        await using bot = new Bot(simulator, { file, total, debounce: 0 });
        expect((await bot.up()).map(({ up }) => up)).toEqual(Array(total).fill(times === 0 ? 'ready' : 'resumed'));
        const { length } = bot.messages;
        await until(() => bot.messages.length > length + times);
        bot.child.kill('SIGKILL');
        await bot.exit;
        expect(Object.keys(sessionsIn(file))).toEqual(['0', '1']);
        expect(bot.errors).toEqual([]);
      }
    } finally {
      clearInterval(dispatches);
    }
    expect(simulator.identifies).toHaveLength(total);
  });

  for (const { deed = 'goes on until it is killed', end, exit } of [
    { end: 'SIGTERM', exit: 'SIGTERM' },
    { end: 'SIGINT', exit: 'SIGINT' },
    { deed: 'shuts down at the first SIGTERM', end: 'SIGTERM', exit: 0 },
    { deed: 'leaves by process.exit', end: 'message', exit: 7 },
    { deed: 'closes its shards in a listener of the exit', end: 'message', exit: 7 },
    { deed: 'ends by itself without closing the store', end: 'message', exit: 0 },
    { deed: 'closes the store', end: 'message', exit: 0 },
  ]) {
    it(`writes its last sequences and ends with ${exit} when it ${deed}, by ${end}`, async () => {
      await using simulator = await simulate();
      const file = newFile();
      await using bot = new Bot(simulator, { file, deed, total: 2, debounce: NEVER_MS });
      await bot.up();
      await until(() => sequences(file).length === 2);
      simulator.dispatch('TYPING_START', {});
      simulator.dispatch('TYPING_START', {});
      await bot.stored(3);
      expect(sequences(file)).toEqual([1, 1]);
      if (end === 'message') bot.child.send('end');
      else bot.child.kill(end as NodeJS.Signals);
      expect(await bot.exit).toBe(exit);
      expect(sequences(file)).toEqual([3, 3]);
      expect(bot.errors).toEqual([]);
      expect(readdirSync(folder).filter((name) => name.startsWith(`${file.split('/').at(-1)}.`))).toEqual([]);

      await using after = new Bot(simulator, { file, total: 2 });
      expect((await after.up()).map(({ up }) => up)).toEqual(['resumed', 'resumed']);
      expect(simulator.identifies).toHaveLength(2);
    });
  }

  it('identifies again, and reports why, with another total or a torn file', async () => {
    await using simulator = await simulate();
    const file = newFile();
    {
      await using one = new Bot(simulator, { file });
      await one.up();
      await until(() => sequences(file).length === 1);
    }
    {
      await using two = new Bot(simulator, { file, total: 2 });
      expect((await two.up()).map(({ up }) => up)).toEqual(['ready', 'ready']);
      expect(two.errors).toEqual(['OTHER_TOTAL']);
      await until(() => sequences(file).length === 2);
    }
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));
    await using torn = new Bot(simulator, { file, total: 2 });
    expect((await torn.up()).map(({ up }) => up)).toEqual(['ready', 'ready']);
    expect(torn.errors).toEqual(['UNUSABLE']);
    expect(simulator.identifies).toHaveLength(5);
  });
});

const run = (simulator: GatewaySimulator, ...args: string[]) =>
  new Command(['run', '--url', simulator.url, ...args], { DISCORD_TOKEN: 'token' });

describe.runIf(isBuilt).concurrent('shardchart run --session-file', () => {
  it('resumes the sessions that the run before left at Ctrl+C', async () => {
    await using simulator = await createGatewaySimulator();
    const file = newFile();
    for (const event of ['READY', 'RESUMED', 'RESUMED']) {
      await using command = run(simulator, '--session-file', file);
      await command.until(event, ({ stdout }) => stdout.includes(`"t":"${event}"`));
      command.interrupt();
      expect(await command.exit, command.stderr).toBe(0);
    }
    expect(simulator.identifies).toHaveLength(1);
    expect(simulator.connections.map(({ closeCode }) => closeCode)).toEqual([4900, 4900, 4900]);
    expect(simulator.violations).toEqual([]);
  });

  it('runs with a file it cannot use, and warns', async () => {
    await using simulator = await createGatewaySimulator();
    const file = newFile();
    writeFileSync(file, '{"name":"precious"}');
    await using command = run(simulator, '--session-file', file);
    await command.until('READY', ({ stdout }) => stdout.includes('"t":"READY"'));
    command.interrupt();
    expect(await command.exit).toBe(0);
    expect(command.stderr).toMatch(/The session file .* holds something other than sessions/);
    expect(readdirSync(folder).some((name) => name.startsWith(`${file.split('/').at(-1)}.`))).toBe(true);
  });
});

it('a sequence is in the file before the first heartbeat is acknowledged', async () => {
  const file = newFile();
  await using store = createFileSessionStore(file, { debounce: 50 });
  await scenario({ shard: { sessionStore: store } }, async ({ shard, simulator }) => {
    await shard.connect();
    for (let count = 0; count < 5; count += 1) simulator.dispatch('TYPING_START', {});
    await until(() => shard.sequence === 6);
    await until(() => sequences(file)[0] === 6);
    expect(shard.heart.acknowledged).toBe(0);
  })();
});

it('a shard comes up though its session file cannot be written, and the store reports it', async () => {
  const told: string[] = [];
  const store = createFileSessionStore(join(folder, 'missing', 'sessions.json'), {
    onError: ({ code }) => told.push(code),
  });
  await scenario({ shard: { sessionStore: store } }, async ({ shard, lines }) => {
    await shard.connect();
    expect(shard.state).toBe('Connected');
    await until(() => told.length > 0);
    expect(lines.error).toEqual([]);
  })();
  await store.close();
  expect(new Set(told)).toEqual(new Set(['CANNOT_WRITE']));
});
