import { execFile } from 'node:child_process';
import { inspect, promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createIdentifyLimiter,
  createShard,
  createShardManager,
  fetchGatewayInfo,
  type ShardOptions,
  type TransitionRecord,
} from '../../src/index.js';
import { levelOf } from '../../src/shard/logLevel.js';
import { UnreachableWarnings } from '../../src/shard/unreachableWarnings.js';
import { causes, type Decision } from '../../src/protocol/decision.js';
import { GuardedLogger, type Logger } from '../../src/util/logger.js';
import { scenario, shardOn, silentLogger, simulate, TOKEN } from './rig.js';

const token = 'obviously-fake-token';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a shard that was never told to connect', () => {
  test('rejects send, updatePresence and requests with NOT_CONNECTED', async () => {
    const shard = createShard({ token, intents: 3, logger: silentLogger });
    const refused = expect.objectContaining({ code: 'NOT_CONNECTED', message: expect.stringContaining('connect()') });
    await expect(shard.send({ op: 3, d: null })).rejects.toEqual(refused);
    await expect(shard.updatePresence({ status: 'online' } as never)).rejects.toEqual(refused);
    await expect(shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 })).rejects.toEqual(refused);
    await expect(shard.requestSoundboardSounds(['1'])).rejects.toEqual(refused);
  });

  test('takes payloads from connect() on, before it is Connected', async () => {
    await using simulator = await simulate();
    await using shard = shardOn(simulator);
    const connected = shard.connect();
    const sent = shard.send({ op: 3, d: { since: null, activities: [], status: 'idle', afk: false } });
    await Promise.all([connected, sent]);
    await vi.waitFor(() => expect(simulator.frames.some(({ op }) => op === 3)).toBe(true));
  });

  test('of a manager takes payloads from its creation on, for the manager connects it', async () => {
    await using simulator = await simulate();
    const identifyLimiter = createIdentifyLimiter({ window: 120 });
    const options = { url: simulator.url };
    await using manager = createShardManager({
      token: TOKEN,
      intents: 1,
      total: 1,
      identifyLimiter,
      options,
      logger: silentLogger,
    });
    const sent: Promise<void>[] = [];
    manager.on('shard', (shard) => {
      sent.push(shard.send({ op: 3, d: { since: null, activities: [], status: 'idle', afk: false } }));
    });
    await manager.connect();
    expect(sent).toHaveLength(1);
    await Promise.all(sent);
  });
});

test.each([
  ['shard 0', 'createShard({ token, intents: 1 })'],
  ['the manager', 'createShardManager({ token, intents: 1 })'],
])('a process that ends because a top-level await never settles says that %s is Offline', async (name, made) => {
  const code = `
    import { createShard, createShardManager } from './dist/src/index.js';
    const token = '${token}';
    for await (const event of ${made}.events()) console.log(event);
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  await expect(run).rejects.toMatchObject({
    code: 13,
    stderr: expect.stringContaining(
      `shardchart: ${name} is Offline, and nothing is left that could change that. Call connect()`,
    ),
  });
});

test.each([
  ['rejects at the top level and ends it with 1', 'await shard.connect();', 1],
  ['is ignored', 'void shard.connect();', 0],
  [
    'is caught, and a listener to `fatal` prints it',
    "shard.on('fatal', print); await shard.connect().catch(() => {});",
    0,
  ],
])('a process without a logger reads of a wrong token once, where connect() %s', async (_, connecting, exit) => {
  const code = `
    import { createShard } from './dist/src/index.js';
    import { createGatewaySimulator } from './dist/src/simulator/index.js';
    const simulator = await createGatewaySimulator({ token: '${token}' });
    const print = ({ message }) => console.error(message);
    const shard = createShard({ token: 'a-wrong-token', intents: 1, url: simulator.url });
    setTimeout(() => simulator.close(), 1_000);
    ${connecting}
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  const ended = await run.catch((error: { code: number; stderr: string }) => error);
  expect('code' in ended ? ended.code : 0).toBe(exit);
  expect(ended.stderr.match(/The token is wrong/g)).toHaveLength(1);
});

const failed = (failures: number): Decision => ({
  action: 'identify',
  code: 1006,
  reason: 'no connection: getaddrinfo ENOTFOUND',
  attempt: failures + 1,
  delay: 1_000,
});

function pinoLike() {
  const lines: unknown[][] = [];
  const log = (...line: unknown[]) => void lines.push(line);
  return { lines, child: () => {}, bindings: () => ({}), debug: log, info: log, warn: log, error: log };
}

describe('without a logger a gateway that cannot be reached is a warning', () => {
  test('after 2, 4, 8 … failures in a row, and never twice within 10 s', () => {
    const warnings = new UnreachableWarnings();
    let nowMs = 1_000_000;
    const warned = Array.from({ length: 20 }, (_, n) => n + 1).filter((failures) => {
      nowMs += 20_000;
      return warnings.after(failed(failures), nowMs) !== null;
    });
    expect(warned).toEqual([2, 4, 8, 16]);
    expect(warnings.after(failed(2), nowMs + 20_000)).toContain('2 connections in a row have failed');
    expect(warnings.after(failed(2), nowMs + 29_000)).toBeNull();
    expect(warnings.after({ ...failed(2), action: 'fatal' }, nowMs + 90_000)).toBeNull();
  });

  test('with the reason and what to do; a listener to disconnected takes its place', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const options: ShardOptions = { token, intents: 1, url: 'ws://127.0.0.1:9', backoff: { initial: 5, max: 10 } };
    const heard: unknown[] = [];
    await using listened = createShard(options).on('disconnected', (end) => heard.push(end));
    void listened.connect();
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(5), 10_000);
    expect(warned).not.toHaveBeenCalled();
    await using shard = createShard(options);
    void shard.connect();
    await vi.waitFor(() => expect(warned).toHaveBeenCalled(), 10_000);
    expect(warned).toHaveBeenCalledWith(
      expect.stringMatching(
        /^shard 0: \d+ connections in a row have failed, the last one with "no connection: .*ECONNREFUSED.*https:\/\/discordstatus\.com/,
      ),
      'ShardchartWarning',
    );
  });
});

describe('the level of a step', () => {
  const session = { id: 'session', sequence: 1 };
  const step = (decision: Partial<Decision> | null, after: typeof session | null = null): TransitionRecord => ({
    at: 0,
    shardId: 0,
    from: 'Connected',
    to: 'Disconnected',
    event: { type: 'any' },
    decision: decision && { action: 'resume', code: null, reason: 'any', attempt: 1, delay: 0, ...decision },
    session: after,
  });

  test.each([
    ['a step without a decision', step(null), null, 'info'],
    ['op 7', step({ reason: causes.reconnect.reason }, session), session, 'info'],
    ['a resume after a reset', step({ code: 1006 }, session), session, 'info'],
    ['a first identify that fails once', step({ action: 'identify', code: 1006, attempt: 2 }), null, 'info'],
    [
      'a new session by request',
      step({ action: 'identify', reason: causes.reinstantiateRequested.reason }),
      session,
      'info',
    ],
    ['a session lost', step({ action: 'identify', reason: causes.invalidSession.reason }), session, 'warn'],
    ['a zombie', step({ reason: causes.zombie.reason }, session), session, 'warn'],
    ['the fourth connection in a row', step({ attempt: 4 }, session), session, 'warn'],
    ['a fatal close', step({ action: 'fatal', code: 4004 }), session, 'warn'],
  ] as const)('%s', (_, record, before, level) => {
    expect(levelOf(record, before)).toBe(level);
  });
});

describe('a logger with child and bindings gets fields before the message', () => {
  test('of a step: shard, event, states and the decision', async () => {
    await using simulator = await simulate();
    const logger = pinoLike();
    await using shard = shardOn(simulator, { id: 0, logger });
    await shard.connect();
    await shard.shutdown();
    expect(logger.lines).toContainEqual([
      { shard: 0, event: 'connect', from: 'Offline', to: 'Connecting' },
      'Offline -> Connecting',
    ]);
    expect(logger.lines.at(-1)).toEqual([
      expect.objectContaining({ shard: 0, to: 'Offline' }),
      expect.stringContaining('-> Offline'),
    ]);
  });

  test('of a failure: the error as err, without the token', () => {
    const logger = pinoLike();
    const guarded = new GuardedLogger('shard 3', { logger: logger as Logger, token, fields: { shard: 3 } });
    guarded.failure('a listener failed', new TypeError(`no ${token}`), { event: `READY ${token}` });
    guarded.failure('it failed', Object.create(null));
    expect(logger.lines[0]).toEqual([
      {
        shard: 3,
        event: 'READY [redacted]',
        err: {
          type: 'TypeError',
          message: 'no [redacted]',
          stack: expect.stringContaining('TypeError: no [redacted]'),
        },
      },
      'a listener failed',
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain(token);
  });
});

describe('console.log', () => {
  test(
    'of a shard shows its state, the first letters of its session, its sequence and latency',
    scenario({}, async ({ shard }) => {
      await shard.connect();
      const shown = inspect(shard);
      expect(shown).toMatch(
        /^Shard \{ id: 0, total: 1, state: 'Connected', session: '.{4}…', sequence: \d+, latency: .* \}$/,
      );
      expect(shown).not.toContain(shard.session?.id);
    }),
  );

  test('of a manager shows its state and how many shards are in which', () => {
    const manager = createShardManager({ token, intents: 1, total: 2 });
    expect(inspect(manager)).toBe("ShardManager { state: 'Offline', total: 2, shards: {}, ping: null }");
  });
});

describe('an error says more', () => {
  test('about a token in quotation marks and a URL object', () => {
    expect(() => createShard({ token: '"MTIz.abc.def"', intents: 1 })).toThrow(/has quotation marks around it/);
    const url = new URL('wss://gateway.example') as never;
    expect(() => createShard({ token, intents: 1, url })).toThrow(/got a URL object\. Pass url\.href\./);
  });

  test('about a 403 of Discord: the option api is blamed only where it was given', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('', { status: 403 }));
    await expect(fetchGatewayInfo(token)).rejects.toThrow(/answered 403\. Discord refuses requests from this machine/);
    await expect(fetchGatewayInfo(token, { api: 'https://proxy.example' })).rejects.toThrow(
      /`api` must be the address/,
    );
  });
});
