import { GatewayIntentBits as bitsOfDiscord } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import {
  createAuditLog,
  createFileSessionStore,
  createIdentifyLimiter,
  createShard,
  createShardManager,
} from '../../src/index.js';
import { GatewayIntentBits, type ShardManagerOptions, type ShardOptions } from '../../src/index.js';
import { serveDashboard } from '../../src/dashboard/index.js';
import { attachInspector } from '../../src/inspector/index.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { resolveOptions } from '../../src/shard/options.js';
import { silentLogger } from './rig.js';

const token = 'obviously-fake-token';

const shardWith = (options: object) => createShard({ token, intents: 1, ...options } as ShardOptions);
const managerWith = (options: object) => createShardManager({ token, intents: 1, ...options } as ShardManagerOptions);
const sumOf = (intents: unknown) => resolveOptions({ token, intents } as ShardOptions).intents;
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });

describe('an option that does not exist is refused with the one that was meant', () => {
  test.each<[object, RegExp]>([
    [{ shardCount: 3 }, /no option `shardCount`\. Its options are `token`, `intents`, `id`, `total`/],
    [{ intent: 1 }, /no option `intent`\. Did you mean "intents"\?/],
    [{ compress: 'none' }, /no option `compress`\./],
    [{ timeouts: { redy: 1 } }, /`timeouts` has no option `redy`\. Did you mean "ready"\?/],
    [{ backoff: { maximum: 1 } }, /`backoff` has no option `maximum`\. .*`max`/],
    [{ queue: { size: 1 } }, /`queue` has no option `size`/],
  ])('of a shard: %j', (options, message) => {
    expect(() => shardWith(options)).toThrow(refused(message));
  });

  test.each<[object, RegExp]>([
    [{ shards: 3 }, /manager has no option `shards`/],
    [{ identifyWindw: 3 }, /Did you mean "identifyWindow"\?/],
    [{ compression: 'none' }, /`compression` is an option of shards: put it into the manager's `options`/],
    [{ options: { compresion: 'none' } }, /`options` has no option `compresion`\. Did you mean "compression"\?/],
    [{ options: { timeouts: { foo: 1 } } }, /`timeouts` has no option `foo`/],
    [
      { shardOptions: { 0: { sesion: null } } },
      /`shardOptions\[0\]` has no option `sesion`\. Did you mean "session"\?/,
    ],
  ])('of a manager: %j', (options, message) => {
    expect(() => managerWith(options)).toThrow(refused(message));
  });

  test('of an audit log, a session store, an inspector, a dashboard and a simulator', async () => {
    const manager = managerWith({});
    expect(() => createAuditLog({ capacty: 5 } as never)).toThrow(refused(/Did you mean "capacity"\?/));
    expect(() => createAuditLog({ file: 'a', rotate: { maxBytes: 5_000, kep: 1 } } as never)).toThrow(
      refused(/"keep"/),
    );
    expect(() => createFileSessionStore('sessions', { debonce: 5 } as never)).toThrow(refused(/"debounce"/));
    expect(() => attachInspector(manager, { prt: 5 } as never)).toThrow(refused(/"port"/));
    expect(() => serveDashboard(manager, { control: true } as never)).toThrow(refused(/"controls"/));
    await expect(createGatewaySimulator({ heartbeatIntervall: 5 } as never)).rejects.toThrow(/"heartbeatInterval"/);
  });
});

describe('an event that does not exist is refused with the one that was meant', () => {
  test.each<[string, RegExp]>([
    ['messageCreate', /There is no event "messageCreate"\. Did you mean "MESSAGE_CREATE"\?/],
    ['error', /There is no event "error"\./],
    ['transitions', /Did you mean "transition"\?/],
  ])('by on, once and off of a shard: %j', (name, message) => {
    const shard = shardWith({});
    for (const member of ['on', 'once', 'off'] as const) {
      expect(() => shard[member](name as never, () => {})).toThrow(refused(message));
    }
  });

  test('by on of a manager, which has events of its own', () => {
    const manager = managerWith({});
    expect(() => manager.on('eror' as never, () => {})).toThrow(refused(/Did you mean "error"\?/));
    expect(() => manager.on('error', () => {})).not.toThrow();
  });

  test('by the option events, also where a manager passes it on', () => {
    const message =
      /`events` must name dispatches in upper case.*got 'messageCreate'\. Did you mean "MESSAGE_CREATE"\?/;
    expect(() => shardWith({ events: ['messageCreate'] })).toThrow(refused(message));
    expect(() => managerWith({ options: { events: ['messageCreate'] } })).toThrow(refused(message));
  });

  test.each([null, undefined, 'f', {}])('a listener that is %j instead of a function is refused', (listener) => {
    expect(() => shardWith({}).on('MESSAGE_CREATE', listener as never)).toThrow(
      refused(/`listener` must be a function/),
    );
    expect(() => managerWith({}).on('MESSAGE_CREATE', listener as never)).toThrow(refused(/`listener`/));
  });
});

test('a dispatch that discord-api-types does not know is listened for, with one warning a process', () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
  for (let id = 0; id < 3; id += 1) {
    shardWith({ id, total: 3, logger, events: ['MESSAGE_CREATED'] }).on('MESSAGE_CREATED' as never, () => {});
  }
  expect(warnings).toEqual([expect.stringMatching(/knows no dispatch "MESSAGE_CREATED".*MESSAGE_CREATE\./)]);
});

test('the url of a manager is where its shards connect, and options.url replaces it', async () => {
  await using simulator = await createGatewaySimulator();
  const others = {
    total: 1,
    intents: ['Guilds'] as const,
    identifyLimiter: createIdentifyLimiter(),
    logger: silentLogger,
  };
  for (const urls of [{ url: simulator.url }, { url: 'ws://127.0.0.1:9', options: { url: simulator.url } }]) {
    const manager = createShardManager({ token, ...others, ...urls });
    await manager.connect();
    expect(manager.shards.get(0)?.state).toBe('Connected');
    await manager.shutdown();
  }
  expect(simulator.identifies).toHaveLength(2);
});

describe('intents', () => {
  test.each<[unknown, number]>([
    [513, 513],
    [['Guilds', 'GuildMessages'], 513],
    [[GatewayIntentBits.Guilds, 'GuildMessages'], 513],
    [['Guilds', 'Guilds', 1], 1],
    [['DirectMessagePolls'], 2 ** 25],
    [[], 0],
    [[2 ** 40, 'Guilds'], 2 ** 40 + 1],
  ])('%j are the sum %d', (intents, sum) => {
    expect(sumOf(intents)).toBe(sum);
  });

  test.each<[unknown, RegExp]>([
    [['Guild'], /has 'Guild', which is not an intent\. Did you mean "Guilds"\?/],
    [['GUILD_MESSAGES'], /Did you mean "GuildMessages"\?/],
    [['Nothing at all'], /The intents are Guilds, GuildMembers/],
    [[-1], /has -1, which is not an intent/],
    ['Guilds', /`intents` must be names such as \['Guilds', 'GuildMessages'\]/],
  ])('%j are refused', (intents, message) => {
    expect(() => sumOf(intents)).toThrow(refused(message));
  });

  test('have the bits of discord-api-types', () => {
    for (const [name, bit] of Object.entries(GatewayIntentBits)) {
      expect(bitsOfDiscord[name as keyof typeof bitsOfDiscord]).toBe(bit);
    }
  });
});
