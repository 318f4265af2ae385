import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemorySessionStore, type Session, type SessionStore } from '../../src/index.js';
import { identityOf } from '../../src/protocol/identity.js';
import { SessionKeeper } from '../../src/sessions/sessionKeeper.js';

const session: Session = { id: 'session-1', sequence: 5, resumeUrl: 'wss://resume.example' };
const later = { ...session, sequence: 6 };

function start(store?: SessionStore) {
  const report = vi.fn();
  return { report, keeper: new SessionKeeper(store, identityOf(513, 3, 4), report) };
}

/** A store that answers when the test lets it. */
function slowStore() {
  const calls: string[] = [];
  const answers: (() => void)[] = [];
  const answer = () => new Promise<void>((resolve) => answers.push(resolve));
  const store: SessionStore = {
    get: () => null,
    set: (id, { sequence }) => {
      calls.push(`set ${id} ${sequence}`);
      return answer();
    },
    delete: (id) => {
      calls.push(`delete ${id}`);
      return answer();
    },
  };
  return { store, calls, answers };
}

const throwing = () => {
  throw new Error('disk');
};

describe('loading', () => {
  test('takes the session alone: other columns of a store are not for the chart, its log or the next store', async () => {
    const row = { ...session, owner: 'a column of mine', shardId: 3n };
    const { keeper } = start({ get: () => row, set: throwing, delete: throwing });
    expect(await keeper.load()).toStrictEqual(session);
  });

  test('gives the session the store has for this shard', async () => {
    const store = createMemorySessionStore();
    await store.set(3, session);
    await store.set(4, later);
    expect(await start(store).keeper.load()).toEqual(session);
  });

  test.each([null, undefined])('%s: there is none, and nothing to report', async (nothing) => {
    const { keeper, report } = start({ ...createMemorySessionStore(), get: () => nothing });
    expect(await keeper.load()).toBeNull();
    expect(report).not.toHaveBeenCalled();
  });

  test.each(['text', 5, {}, [], { ...session, sequence: '5' }])(
    'load() rejects where the store has %o instead of a session',
    async (it) => {
      const { keeper } = start({ ...createMemorySessionStore(), get: () => it as unknown as Session });
      await expect(keeper.load()).rejects.toThrow('not a session for this shard');
    },
  );

  test('load() rejects with what the store throws or rejects with', async () => {
    for (const get of [throwing, () => Promise.reject(new Error('disk'))]) {
      const { keeper } = start({ ...createMemorySessionStore(), get });
      await expect(keeper.load()).rejects.toThrow('disk');
    }
  });

  test('without a store there is none', async () => expect(await start().keeper.load()).toBeNull());
});

test('a session that comes after the shard has gone on is not deleted by the next save', async () => {
  const deleted = vi.fn();
  const abort = new AbortController();
  const { keeper } = start({ get: () => session, set: () => {}, delete: deleted });
  const loading = keeper.load(abort.signal);
  abort.abort();
  await loading;
  keeper.save(null);
  await keeper.flushed(1_000);
  expect(deleted).not.toHaveBeenCalled();
});

describe('saving', () => {
  test('saves during a write lead to one more write, of the newest', async () => {
    const { store, calls, answers } = slowStore();
    const { keeper } = start(store);
    keeper.save(session);
    keeper.save(later);
    keeper.save(null);
    await vi.waitFor(() => expect(calls).toEqual(['set 3 5']));
    answers[0]?.();
    await vi.waitFor(() => expect(calls).toEqual(['set 3 5', 'delete 3']));
    answers[1]?.();
    await keeper.flushed(1_000);
  });

  test('what has not changed is not written again', async () => {
    const { store, calls, answers } = slowStore();
    const { keeper } = start(store);
    keeper.save(null);
    for (let count = 0; count < 3; count += 1) keeper.save({ ...session });
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    answers[0]?.();
    await keeper.flushed(1_000);
    expect(calls).toEqual(['set 3 5']);
  });

  test('what was loaded is not written back', async () => {
    const set = vi.fn();
    const { keeper } = start({ get: () => session, set, delete: () => {} });
    await keeper.load();
    keeper.save(session);
    await keeper.flushed(1_000);
    expect(set).not.toHaveBeenCalled();
    keeper.save(later);
    await keeper.flushed(1_000);
    expect(set).toHaveBeenCalledExactlyOnceWith(3, { ...later, identifiedAs: identityOf(513, 3, 4) });
  });

  test('a store that fails is reported, and the next write still happens', async () => {
    const set = vi.fn((): Promise<void> => Promise.reject(new Error('disk full')));
    const { keeper, report } = start({ get: () => null, set, delete: () => {} });
    keeper.save(session);
    keeper.save(later);
    await keeper.flushed(1_000);
    expect(set).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledWith(expect.stringContaining('disk full'));
  });

  test('a store that throws at once is reported too', async () => {
    const { keeper, report } = start({
      get: () => null,
      set: () => {
        throw new Error('no disk');
      },
      delete: () => {},
    });
    keeper.save(session);
    await keeper.flushed(1_000);
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no disk'));
  });
});

describe('following a session', () => {
  const interval = 1_000;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  test('a store with sequenceInterval gets each new sequence at that interval, until stop()', async () => {
    const { store, calls, answers } = slowStore();
    const { keeper } = start({ ...store, sequenceInterval: interval });
    let now = session;
    keeper.start(() => now);
    vi.advanceTimersByTime(interval);
    expect(calls).toEqual(['set 3 5']);
    answers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
    vi.advanceTimersByTime(5 * interval);
    expect(calls).toEqual(['set 3 5']);
    now = later;
    vi.advanceTimersByTime(interval);
    expect(calls).toEqual(['set 3 5', 'set 3 6']);
    keeper.stop();
    now = { ...session, sequence: 7 };
    vi.advanceTimersByTime(5 * interval);
    expect(calls).toHaveLength(2);
  });

  test('a store that does not ask is not told', () => {
    const { store, calls } = slowStore();
    const { keeper } = start(store);
    keeper.start(() => session);
    vi.advanceTimersByTime(60 * interval);
    expect(calls).toEqual([]);
  });
});
