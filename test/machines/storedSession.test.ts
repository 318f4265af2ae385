import { describe, expect, test } from 'vitest';
import { session, shardIn, startShard } from './rig.js';

const failures = {
  'answers with null': { type: 'store.answered', session: null },
  fails: { type: 'store.failed', reason: 'no disk' },
} as const;

describe('a shard without a session and with a store', () => {
  test('asks the store before it opens a socket, and is Connecting', () => {
    const shard = startShard({ asksStore: true }).tell({ type: 'connect', session: null });
    expect(shard.state).toBe('Connecting');
    expect(shard.storeAsked).toBe(1);
    expect(shard.sockets).toEqual([]);
  });

  test('resumes the session the store answers with', () => {
    const shard = shardIn('awaitingSession.optional').tell({ type: 'store.answered', session });
    expect(shard.take()).toEqual([`open ${session.resumeUrl}`]);
  });

  test.each(Object.entries(failures))('opens the first URL when the store %s', (_, event) => {
    expect(shardIn('awaitingSession.optional').tell(event).take()).toEqual(['open first']);
  });

  test('opens the first URL when the store has not answered in `timeouts.storeMs`', () => {
    const shard = shardIn('awaitingSession.optional').tick(8_999);
    expect(shard.take()).toEqual([]);
    expect(shard.tick(1).take()).toEqual(['open first']);
  });

  test('waits 10 s for the store where no limit is given', () => {
    const { storeMs, ...timeouts } = shardIn('Offline.idle').context.timeouts;
    const shard = shardIn('awaitingSession.optional', { timeouts }).tick(9_999);
    expect(storeMs).toBe(9_000);
    expect(shard.take()).toEqual([]);
    expect(shard.tick(1).take()).toEqual(['open first']);
  });

  test('opens the first URL when the store actor fails', () => {
    expect(shardIn('awaitingSession.optional').fail('sessionStore').take()).toEqual(['open first']);
    const throwing = startShard({ asksStore: true, storeThrows: () => true }).tell({ type: 'connect', session: null });
    expect(throwing.take()).toEqual(['open first']);
  });

  test('does not ask again once the store has answered', () => {
    const shard = shardIn('awaitingSession.optional').tell({ type: 'store.answered', session: null });
    shard.close().closed(1000).tell({ type: 'connect', session: null });
    expect(shard.path).toBe('Online.link.Connecting.opening');
    expect(shard.storeAsked).toBe(1);
  });

  test('asks again when it was closed before the store had answered', () => {
    const shard = shardIn('awaitingSession.optional').close().tell({ type: 'connect', session: null });
    expect(shard.path).toBe('awaitingSession.optional');
    expect(shard.storeAsked).toBe(2);
    expect(shard.storeAwaited).toBe(1);
  });
});

describe('resume', () => {
  test.each(Object.entries(failures))('stays down, with the reason, when the store %s', (_, event) => {
    const shard = shardIn('awaitingSession.required').tell(event);
    expect(shard.path).toBe('Offline.idle');
    expect(shard.decision).toMatchObject({ action: 'close', reason: 'no session to resume' });
    expect(shard.take()).toEqual([]);
  });

  test('goes up all the same when connect came during the wait', () => {
    const shard = shardIn('awaitingSession.required').tell(
      { type: 'connect', session: null },
      failures['answers with null'],
    );
    expect(shard.take()).toEqual(['open first']);
    expect(shard.storeAsked).toBe(1);
  });

  test('changes nothing where there is neither a session nor a store', () => {
    expect(startShard().tell({ type: 'resume' }).path).toBe('Offline.idle');
  });
});

test('a shard that knows its session does not ask the store', () => {
  const shard = startShard({ asksStore: true, session }).tell({ type: 'connect', session: null });
  expect(shard.take()).toEqual([`open ${session.resumeUrl}`]);
  expect(shard.storeAsked).toBe(0);
});
