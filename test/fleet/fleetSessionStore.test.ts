import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/fleet/keys.js';
import { fencedLimiter } from '../../src/fleet/lease/fencedLimiter.js';
import { FleetSessionStore } from '../../src/fleet/lease/fleetSessionStore.js';
import { markOfSession } from '../../src/fleet/markOfSession.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import { Scripts } from '../../src/fleet/redis/script.js';
import type { IdentifyLimiter } from '../../src/index.js';
import { hasRedis, RedisServer } from './redisRig.js';

const SESSION = { id: 'session', sequence: 7, resumeUrl: 'wss://resume.discord.gg' };
const OTHER = { id: 'other', sequence: 1, resumeUrl: null };

/** A limiter that records what becomes of its grants. */
function limiter() {
  const calls: string[] = [];
  const inner: IdentifyLimiter = {
    acquire: () =>
      Promise.resolve({
        commit: () => calls.push('commit') > 0,
        cancel: () => void calls.push('cancel'),
      }),
  };
  return { inner, calls };
}

describe.runIf(hasRedis)('FleetSessionStore', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  async function storeOf(name: string, owner = 'w-1/a', epoch = 3) {
    const client = await openRedis(redis.url, () => {});
    const keys = keysOf(name);
    const deps = { scripts: new Scripts(client), keys, key: '1:5', owner, epoch: () => epoch };
    return Object.assign(new FleetSessionStore(deps), { keys, close: () => client.close() });
  }

  test('the owner of a shard sets its session, the next owner gets it and deletes it', async () => {
    const first = await storeOf('owners');
    const second = await storeOf('owners', 'w-2/b', 4);
    await redis.command('HSET', first.keys.owners, '1:5', 'w-1/a 3');
    await first.set(5, SESSION);
    await redis.command('HSET', first.keys.owners, '1:5', 'w-2/b 4');
    expect(await second.get()).toEqual(SESSION);
    await second.delete(5);
    expect(await second.get()).toBeNull();
    first.close();
    second.close();
  });

  test.each([
    ['another epoch', 'w-1/a 4'],
    ['another owner', 'w-2/b 3'],
    ['a released shard', '- 3'],
  ])('%s in Redis: the session is neither set nor deleted', async (_, record) => {
    const store = await storeOf('fenced');
    await redis.command('HSET', store.keys.owners, '1:5', record);
    await redis.command('HSET', store.keys.sessions, '1:5', JSON.stringify(OTHER));
    await store.set(5, SESSION);
    await store.delete(5);
    expect(await store.get()).toEqual(OTHER);
    store.close();
  });

  test('a position of the same session: it resumes after what was published; one of another session is ignored', async () => {
    const store = await storeOf('positions');
    await redis.command('HSET', store.keys.owners, '1:5', 'w-1/a 3');
    await store.set(5, SESSION);
    await redis.command('HSET', store.keys.positions, '1:5', `2 4 ${markOfSession('session')}`);
    expect(await store.get()).toEqual({ ...SESSION, sequence: 4 });
    await redis.command('HSET', store.keys.positions, '1:5', `1 900 ${markOfSession('other')}`);
    expect(await store.get()).toEqual(SESSION);
    store.close();
  });
});

describe('fencedLimiter', () => {
  const { signal } = new AbortController();

  test('a shard that is held: the grant commits', async () => {
    const { inner, calls } = limiter();
    const grant = await fencedLimiter(inner, () => Promise.resolve(true)).acquire(5, { signal });
    expect(await grant.commit()).toBe(true);
    expect(calls).toEqual(['commit']);
  });

  test('a shard that is lost: commit throws NOT_OWNED and counts nothing, and the grant is given back', async () => {
    const { inner, calls } = limiter();
    const grant = await fencedLimiter(inner, () => Promise.resolve(false)).acquire(5, { signal });
    await expect(Promise.resolve(grant.commit())).rejects.toMatchObject({ code: 'NOT_OWNED', value: 5 });
    expect(calls).toEqual(['cancel']);
  });

  test('Redis that does not answer: commit throws, and the grant is given back', async () => {
    const { inner, calls } = limiter();
    const grant = await fencedLimiter(inner, () => Promise.reject(new Error('away'))).acquire(5, { signal });
    await expect(Promise.resolve(grant.commit())).rejects.toThrow('away');
    expect(calls).toEqual(['cancel']);
  });
});
