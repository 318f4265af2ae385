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
    ['no object', null],
    ['no token', { intents: 1 }],
    ['a token with "Bot "', { ...fine, token: `Bot ${TOKEN}` }],
    ['no intents', { token: TOKEN }],
    ['a total of 0', { ...fine, total: 0 }],
    ['a total that is none', { ...fine, total: 'many' }],
    ['ids beyond the total', { ...fine, total: 2, ids: [2] }],
    ['no ids', { ...fine, ids: [] }],
    ['ids that are none', { ...fine, ids: ['0'] }],
    ['a range the wrong way round', { ...fine, ids: { start: 3, end: 1 } }],
    ['a hook that is none', { ...fine, identifyHook: true }],
    ['a hook and a limiter', { ...fine, identifyHook() {}, identifyLimiter: createIdentifyLimiter() }],
    ['a store with a hole', { ...fine, sessionStore: { get() {} } }],
    ['a logger with a hole', { ...fine, logger: {} }],
    ['a window that is none', { ...fine, identifyWindow: -1 }],
    ['a reserve that is none', { ...fine, reserve: 0.5 }],
    ['a limit that is none', { ...fine, sessionStartLimit: { total: 1 } }],
    ['an answer of the gateway that is none', { ...fine, gatewayInfo: { url: 'wss://a.example' } }],
    ['a wrong option for all', { ...fine, options: { compression: 'lz4' } }],
    ['options that are none', { ...fine, options: 7 }],
    ['a wrong option for one', { ...fine, shardOptions: { 3: { largeThreshold: 7 } } }],
    ['a shard that is none', { ...fine, shardOptions: { first: {} } }],
    ['no options for one', { ...fine, shardOptions: { 0: undefined } }],
    ['a session for all', { ...fine, options: { session: null } }],
    ['an address that is none', { ...fine, api: 'nonsense' }],
    ['a store where it would be overlooked', { ...fine, options: { sessionStore: createMemorySessionStore() } }],
    ['the token where something else belongs', { ...fine, ids: TOKEN, options: {} }],
  ];

  test.each(wrong)('%s: a ShardError at once, without the token', (_, options) => {
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
