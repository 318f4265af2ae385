import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createShard, ShardError, type ShardOptions } from '../../src/index.js';
import { hasZstd } from '../../src/actors/inflate/createInflater.js';
import { resolveOptions } from '../../src/shard/options.js';

const TOKEN = 'obviously-fake-token';
const session = { id: 'session-1', sequence: 5, resumeUrl: 'wss://resume.example' };
const resolve = (options: object) => resolveOptions({ token: TOKEN, intents: 513, ...options } as ShardOptions);

function refusal(options: unknown): ShardError {
  try {
    createShard(options as ShardOptions);
  } catch (error) {
    return error as ShardError;
  }
  throw new Error('was accepted');
}

/** Everything of an error a log would show. */
const shown = (error: ShardError) => inspect(error, { depth: null, showHidden: true });

const circular: Record<string, unknown> = { ...session };
circular['self'] = circular;

test('of a session that has more in it than a session, only the session is taken', () => {
  expect(resolve({ session: { ...session, owner: 'mine' } }).session).toStrictEqual(session);
});

describe('each bad option is refused at once, by name, and never with the token', () => {
  test.each<[string, object]>([
    ['intents', { intents: undefined }],
    ['intents', { intents: -1 }],
    ['intents', { intents: 1.5 }],
    ['intents', { intents: '513' }],
    ['intents', { intents: Number.NaN }],
    ['intents', { intents: 513n }],
    ['intents', { intents: Symbol('513') }],
    ['total', { total: 0 }],
    ['total', { total: null }],
    ['id', { id: -1 }],
    ['id', { id: 1 }],
    ['id', { id: 4, total: 4 }],
    ['url', { url: 'https://gateway.example' }],
    ['url', { url: 'wss://' }],
    ['url', { url: 5 }],
    ['url', { url: null }],
    ['version', { version: 0 }],
    ['version', { version: '10' }],
    ['encoding', { encoding: 'etf' }],
    ['compression', { compression: 'gzip' }],
    ['compression', { compression: true }],
    ['largeThreshold', { largeThreshold: 49 }],
    ['largeThreshold', { largeThreshold: 251 }],
    ['resumeAttempts', { resumeAttempts: -1 }],
    ['session', { session: { ...session, id: '' } }],
    ['session', { session: 'session-1' }],
    ['properties', { properties: { os: 'x'.repeat(5_000), browser: '', device: '' } }],
    ['properties', { properties: { os: 5n } }],
    ['presence', { presence: { status: 'online', activities: [{ name: 'x'.repeat(5_000), type: 0 }] } }],
    ['autoReconnect', { autoReconnect: 'no' }],
    ['timeouts', { timeouts: 5 }],
    ['backoff', { backoff: null }],
    ['queue', { queue: 'long' }],
    ['identifyLimiter', { identifyLimiter: {} }],
    ['sessionStore', { sessionStore: { get: () => null } }],
    ['logger', { logger: { error: () => {} } }],
    ['session', { session: { ...circular, id: 5 } }],
    ['events', { events: 'MESSAGE_CREATE' }],
    ['events', { events: [1] }],
    ['makePresence', { makePresence: { status: 'online' } }],
    ['timeouts.hello', { timeouts: { hello: -1 } }],
    ['timeouts.handshake', { timeouts: { handshake: Infinity } }],
    ['timeouts.ready', { timeouts: { ready: Number.NaN } }],
    ['timeouts.resumed', { timeouts: { resumed: '30' } }],
    ['timeouts.close', { timeouts: { close: 2 ** 31 } }],
    ['backoff.initial', { backoff: { initial: -1 } }],
    ['backoff.max', { backoff: { max: Infinity } }],
    ['backoff.max', { backoff: { initial: 5_000, max: 1_000 } }],
    ['queue.max', { queue: { max: 0 } }],
    ['queue.max', { queue: { max: 1.5 } }],
  ])('%s: %o', (name, options) => {
    const error = refusal({ token: TOKEN, intents: 513, ...options });
    expect(error).toBeInstanceOf(ShardError);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(`\`${name}\``);
    expect(shown(error)).not.toContain(TOKEN);
  });

  test.each([`Bot ${TOKEN}`, `bot ${TOKEN}`, `${TOKEN}\n`, ` ${TOKEN}`, `${TOKEN} ${TOKEN}`])('token: %j', (token) => {
    const error = refusal({ token, intents: 513 });
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('`token`') as string });
    expect(shown(error)).not.toContain(TOKEN);
  });

  test.each([undefined, null, '', '  ', 5])('token: %j', (token) => {
    expect(refusal({ token, intents: 513 })).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('`token`') as string,
    });
  });

  test.each([undefined, null, 5])('%s for the options', (options) => {
    expect(refusal(options)).toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('the token instead of the options: refused, and the token is not in the error', () => {
    const error = refusal(TOKEN);
    expect(error.code).toBe('INVALID_OPTION');
    expect(shown(error)).not.toContain(TOKEN);
  });

  test.skipIf(hasZstd)('zstd-stream where Node has none', () => {
    expect(refusal({ token: TOKEN, intents: 0, compression: 'zstd-stream' }).code).toBe('UNSUPPORTED_COMPRESSION');
  });
});

describe('the defaults', () => {
  test('are those the documentation gives', () => {
    expect(resolve({})).toMatchObject({
      id: 0,
      total: 1,
      url: 'wss://gateway.discord.gg',
      version: 10,
      compression: 'zlib-stream',
      session: null,
      autoReconnect: true,
      resumeAttempts: 3,
      timeouts: { handshakeMs: 15_000, helloMs: 15_000, readyMs: 15_000, resumedMs: 30_000, closeMs: 2_000 },
      backoff: { initialMs: 1_000, maxMs: 60_000 },
      queueMax: 1_000,
    });
  });

  test('hold for what a group leaves out', () => {
    const { timeouts, backoff } = resolve({ timeouts: { hello: 5 }, backoff: { max: 9_000 } });
    expect(timeouts).toMatchObject({ helloMs: 5, readyMs: 15_000 });
    expect(backoff).toEqual({ initialMs: 1_000, maxMs: 9_000, stableAfterMs: 5_000 });
  });

  test('intents beyond 32 bits are none of our business', () => {
    expect(resolve({ intents: 2 ** 40 }).intents).toBe(2 ** 40);
  });
});
