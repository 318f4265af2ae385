import type { GatewayDispatchPayload, GatewayMessageCreateDispatchData } from 'discord-api-types/v10';
import { describe, expectTypeOf, test } from 'vitest';
import {
  createShardManager,
  fetchGatewayInfo,
  type AuditGroup,
  type FleetEvents,
  type GatewayInfo,
  type ManagerEvents,
  type ManagerOnlyEvents,
  type Session,
  type Shard,
  type ShardEvents,
  type ShardManager,
  type ShardManagerOptions,
} from '../../src/index.js';

declare const manager: ShardManager;

describe('listeners of a manager', () => {
  test('know every event of a shard, with the same data, and the shard id last', () => {
    type OfShards = Pick<ManagerEvents, keyof ShardEvents>;
    expectTypeOf<OfShards>().toExtend<ShardEvents>();
    expectTypeOf<ShardEvents>().toExtend<OfShards>();
    expectTypeOf<keyof ManagerEvents>().toEqualTypeOf<
      keyof ShardEvents | keyof ManagerOnlyEvents | keyof FleetEvents
    >();
    manager.on('MESSAGE_CREATE', (message, shardId) => {
      expectTypeOf(message).toEqualTypeOf<GatewayMessageCreateDispatchData>();
      expectTypeOf(shardId).toEqualTypeOf<number>();
    });
    manager.once('event', (payload) => expectTypeOf(payload).toEqualTypeOf<GatewayDispatchPayload>());
    manager.on('resumed', ({ replayed }, shardId) => expectTypeOf([replayed, shardId]).toEqualTypeOf<number[]>());
    manager.on('error', ({ closeCode }) => expectTypeOf(closeCode).toEqualTypeOf<number | null>());
    for (const name of ['MESSAGE_CREATE', 'MESSAGE_DELETE'] as const) {
      manager.on(name, ({ id }, shardId) => expectTypeOf([id, shardId]).toEqualTypeOf<(string | number)[]>());
    }
    manager.on('shard', (shard) => expectTypeOf(shard).toEqualTypeOf<Shard>());
  });

  test('events of the whole manager have no shard id, and an unknown event name is an error', () => {
    manager.on('exhausted', ({ resetAt }) => expectTypeOf(resetAt).toEqualTypeOf<number>());
    // @ts-expect-error it is the whole fleet's
    manager.on('exhausted', (_budget, shardId) => shardId);
    // @ts-expect-error a misspelt name
    manager.on('READDY', () => {});
  });
});

describe('options of a manager', () => {
  test('what fetchGatewayInfo answers is what gatewayInfo takes, and what getCurrentSessions tells what shardOptions take', async () => {
    expectTypeOf(await fetchGatewayInfo('fake')).toExtend<GatewayInfo>();
    expectTypeOf(manager.getCurrentSessions()).toEqualTypeOf<Record<number, Session | null>>();
    expectTypeOf<{ session: Session | null }>().toExtend<NonNullable<ShardManagerOptions['shardOptions']>[number]>();
    expectTypeOf(manager).toExtend<AuditGroup>();
  });

  test('what is the manager’s to say has no place among those of the shards', () => {
    // @ts-expect-error the token is beside them
    createShardManager({ token: 'fake', intents: 0, options: { token: 'fake' } });
    // @ts-expect-error sessions are single shards'
    createShardManager({ token: 'fake', intents: 0, options: { session: null } });
    createShardManager({
      token: 'fake',
      intents: 0,
      total: 'auto',
      ids: { start: 0, end: 3 },
      options: { version: 10 },
    });
    // @ts-expect-error a range has two ends
    createShardManager({ token: 'fake', intents: 0, ids: { start: 0 } });
  });

  test('identifyHook may ignore the signal, and shutdown takes a code, a reason and resumable', () => {
    createShardManager({ token: 'fake', intents: 0, identifyHook: () => {} });
    createShardManager({
      token: 'fake',
      intents: 0,
      identifyHook: async (shardId, { signal }) => {
        expectTypeOf(shardId).toEqualTypeOf<number>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      },
    });
    expectTypeOf(manager.shutdown({ code: 4321, reason: 'new version' })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(manager.shutdown({ resumable: true })).toEqualTypeOf<Promise<void>>();
  });

  test('every dispatch comes with its shard', async () => {
    for await (const [{ t }, shardId] of manager.events()) expectTypeOf([t, shardId]).toExtend<(string | number)[]>();
  });
});
