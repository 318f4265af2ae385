import { describe, expect, test } from 'vitest';
import {
  createIdentifyLimiter,
  createMemorySessionStore,
  createShardManager,
  type ShardError,
  type ShardManagerOptions,
} from '../../src/index.js';
import { TOKEN } from '../shard/rig.js';

describe('the options', () => {
  const fine = { token: TOKEN, intents: 1 };
  const wrong: [string, unknown][] = [
    ['null as options', null],
    ['no token', { intents: 1 }],
    ['a token with "Bot "', { ...fine, token: `Bot ${TOKEN}` }],
    ['no intents', { token: TOKEN }],
    ['a total of 0', { ...fine, total: 0 }],
    ['a total of "many"', { ...fine, total: 'many' }],
    ['ids beyond the total', { ...fine, total: 2, ids: [2] }],
    ['no ids', { ...fine, ids: [] }],
    ['ids that are strings', { ...fine, ids: ['0'] }],
    ['a range the wrong way round', { ...fine, ids: { start: 3, end: 1 } }],
    ['a hook that is not a function', { ...fine, identifyHook: true }],
    ['a hook and a limiter', { ...fine, identifyHook() {}, identifyLimiter: createIdentifyLimiter() }],
    ['a store without set and delete', { ...fine, sessionStore: { get() {} } }],
    ['a logger without methods', { ...fine, logger: {} }],
    ['a negative window', { ...fine, identifyWindow: -1 }],
    ['a reserve of half an identify', { ...fine, reserve: 0.5 }],
    ['a limit without remaining', { ...fine, sessionStartLimit: { total: 1 } }],
    ['an answer of the gateway without shards', { ...fine, gatewayInfo: { url: 'wss://a.example' } }],
    ['an unknown compression for all shards', { ...fine, options: { compression: 'lz4' } }],
    ['a number as options', { ...fine, options: 7 }],
    ['a largeThreshold of 7 for one shard', { ...fine, shardOptions: { 3: { largeThreshold: 7 } } }],
    ['a shard id that is no number', { ...fine, shardOptions: { first: {} } }],
    ['undefined as options of one shard', { ...fine, shardOptions: { 0: undefined } }],
    ['a session for all shards', { ...fine, options: { session: null } }],
    ['an api that is no URL', { ...fine, api: 'nonsense' }],
    ['a session store among the options of shards', { ...fine, options: { sessionStore: createMemorySessionStore() } }],
    ['the token as ids', { ...fine, ids: TOKEN, options: {} }],
  ];

  test.each(wrong)('%s: createShardManager throws INVALID_OPTION without the token', (_, options) => {
    let error: unknown;
    try {
      createShardManager(options as ShardManagerOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'ShardError', code: 'INVALID_OPTION' });
    expect(JSON.stringify([(error as ShardError).message, (error as ShardError).value])).not.toContain(TOKEN);
  });
});
