import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestChannelInfo } from '../../../src/shard/requests/channelInfo.js';
import type { PendingRequests } from '../../../src/shard/requests/pendingRequests.js';
import { requestGuildMembers } from '../../../src/shard/requests/guildMembers.js';
import type { RequestOptions } from '../../../src/shard/requests/request.js';
import { requestSoundboardSounds } from '../../../src/shard/requests/soundboardSounds.js';
import { Emitter } from '../../../src/util/emitter.js';
import type { ShardEvents } from '../../../src/shard/events.js';
import { openEventStream, type EventStream } from '../../../src/shard/eventStream.js';
import { FatalShardError, ShardError } from '../../../src/util/errors.js';
import { BOT, everyone, start, startWaiting, turn, type Rig } from './rig.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a request', () => {
  const lost = new ShardError('CLOSED', 'down');
  const aborted = new Error('changed my mind');
  const outcomes: Record<string, { end: (rig: Rig, stop: AbortController) => unknown; as: object | null }> = {
    'is answered': { end: (rig) => rig.chunk(0, 1), as: null },
    'is not answered in time': { end: () => vi.advanceTimersByTimeAsync(10_000), as: { code: 'TIMED_OUT' } },
    'is aborted': { end: (_, stop) => stop.abort(aborted), as: aborted },
    'loses its session': { end: (rig) => rig.say('READY', { user: { id: BOT } }), as: { code: 'SESSION_LOST' } },
    'loses its shard': { end: (rig) => rig.requests.rejectAll(lost), as: lost },
    'is limited again and again': {
      async end(rig) {
        for (let n = 0; n < 4; n += 1) {
          rig.limit(1);
          await vi.advanceTimersByTimeAsync(1_000);
        }
      },
      as: { code: 'RATE_LIMITED', value: 1_000 },
    },
  };

  test.each(Object.entries(outcomes))('that %s leaves no listener and no timer behind', async (_, { end, as }) => {
    const rig = start();
    const stop = new AbortController();
    const outcome = requestGuildMembers(rig.requests, everyone, { signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    expect(rig.listened()).toEqual(['GUILD_MEMBERS_CHUNK', 'RATE_LIMITED', 'down']);
    await turn();
    await end(rig, stop);
    if (as === null) expect(await outcome).toMatchObject({ members: [{ nick: 'm0' }] });
    else if (as instanceof Error) expect(await outcome).toBe(as);
    else expect(await outcome).toMatchObject({ name: 'ShardError', ...as });
    expect(rig.listened()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(rig.failed).not.toHaveBeenCalled();
  });

  test('that cannot be sent rejects with what `send` says', async () => {
    const refused = new ShardError('QUEUE_FULL', 'too many');
    const rig = start({ send: () => Promise.reject(refused) });
    await expect(requestChannelInfo(rig.requests, { guild_id: '1', fields: ['status'] })).rejects.toBe(refused);
    expect(rig.listened()).toEqual([]);
  });

  test('that is aborted before it begins is never sent', async () => {
    const rig = start();
    const reason = new Error('no');
    await expect(requestGuildMembers(rig.requests, everyone, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(rig.sent).toEqual([]);
    expect(rig.listened()).toEqual([]);
  });

  test('that waits to be sent is withdrawn by its signal', async () => {
    let withdrawal: AbortSignal | undefined;
    const rig = start({ send: (_, { signal }) => ((withdrawal = signal), new Promise(() => {})) });
    const stop = new AbortController();
    const outcome = requestGuildMembers(rig.requests, everyone, { signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    await turn();
    expect(withdrawal?.aborted).toBe(false);
    stop.abort(aborted);
    expect(await outcome).toBe(aborted);
    expect(withdrawal?.aborted).toBe(true);
  });

  test('that waits to be sent outlives its timeout and a new session: neither is about it yet', async () => {
    const rig = startWaiting();
    const outcome = requestGuildMembers(rig.requests, everyone, { timeout: 100 });
    await vi.advanceTimersByTimeAsync(1_000);
    rig.say('READY', { user: { id: BOT } });
    rig.leave();
    await turn();
    rig.chunk(0, 1);
    expect(await outcome).toMatchObject({ members: [{ nick: 'm0' }] });
  });

  test('has its `timeout` restarted by every part of its answer', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, everyone, { timeout: 100 }).catch((error: unknown) => error);
    await turn();
    for (const index of [0, 1, 2]) {
      await vi.advanceTimersByTimeAsync(90);
      rig.chunk(index, 5);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcome).toMatchObject({
      code: 'TIMED_OUT',
      value: 100,
      message: expect.stringContaining('3 of 5 chunks came'),
    });
  });

  test('waits as long as RATE_LIMITED says and asks the same again', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, everyone, { timeout: 100 });
    await turn();
    rig.limit(1.5, { guild_id: '1', nonce: rig.sent[0]?.d['nonce'] });
    await vi.advanceTimersByTimeAsync(1_499);
    expect(rig.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rig.sent).toHaveLength(2);
    expect(rig.sent[1]).toEqual(rig.sent[0]);
    rig.chunk(0, 1);
    expect((await outcome).members).toHaveLength(1);
  });

  test('that waits out a RATE_LIMITED is nothing a lost session could lose', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, everyone);
    await turn();
    rig.limit(1);
    rig.say('READY', { user: { id: BOT } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.sent).toHaveLength(2);
    rig.chunk(0, 1);
    expect((await outcome).members).toHaveLength(1);
  });

  test('takes no heed of a RATE_LIMITED that is about another', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, everyone);
    await turn();
    rig.limit(1, { guild_id: '1', nonce: 'another' });
    rig.limit(1, { guild_id: '2' });
    rig.say('RATE_LIMITED', { opcode: 31, retry_after: 1, meta: { guild_id: '1' } });
    rig.say('RATE_LIMITED', null);
    rig.chunk(0, 1);
    expect((await outcome).members).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rig.sent).toHaveLength(1);
  });

  test.each([undefined, 'soon', -1])('that is limited for %j waits its own timeout', async (seconds) => {
    const rig = start();
    const outcome = requestSoundboardSounds(rig.requests, ['1'], { timeout: 70 });
    await turn();
    rig.limit(seconds);
    await vi.advanceTimersByTimeAsync(70);
    expect(rig.sent).toHaveLength(2);
    rig.say('SOUNDBOARD_SOUNDS', { guild_id: '1', soundboard_sounds: [] });
    await outcome;
  });

  test.each([0, -1, NaN, Infinity, 2 ** 31, '100', null])('refuses the timeout %j', async (timeout) => {
    const rig = start();
    const options = { timeout } as RequestOptions;
    await expect(requestGuildMembers(rig.requests, everyone, options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      value: timeout,
    });
    expect(rig.sent).toEqual([]);
    expect(rig.listened()).toEqual([]);
  });

  test('survives answers that are no answers', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, everyone);
    await turn();
    for (const nonsense of [null, 7, 'chunk', {}, []]) rig.say('GUILD_MEMBERS_CHUNK', nonsense);
    rig.chunk(0, 1, { members: undefined });
    expect(await outcome).toEqual({ members: [], presences: [], notFound: [] });
    expect(rig.failed).not.toHaveBeenCalled();
  });
});

describe('events()', () => {
  type Parts = { emitter: Emitter<ShardEvents>; events: EventStream; requests: PendingRequests; stop: AbortController };
  const closed = new ShardError('CLOSED', 'down');
  const ends: Record<string, { end: (parts: Parts) => unknown; reason?: ShardError }> = {
    'its loop is left': { end: ({ events }) => events.return() },
    'its signal is aborted': { end: (parts) => parts.stop.abort() },
    'too much waits': { end: ({ emitter }) => [1, 2].forEach(() => emitter.emit('dispatch', {} as never)) },
    'the shard has been shut down': { end: ({ requests }) => requests.rejectAll(closed), reason: closed },
    'the shard was refused': {
      end: ({ requests }) => requests.rejectAll(null),
      reason: new FatalShardError('no', 4004, 0),
    },
  };

  test.each(Object.entries(ends))('listens to nothing any more once %s', (_, { end, reason }) => {
    const { requests } = start();
    const emitter = new Emitter<ShardEvents>(() => {});
    let isDown = false;
    const parts = { emitter, requests, stop: new AbortController() };
    const events = openEventStream(
      {
        onEvent: (listener: (payload: ShardEvents['dispatch']) => void) => emitter.listen('dispatch', listener),
        onDown: (listener) => requests.answers.listen('down', listener),
        downForGood: () => (isDown ? (reason ?? null) : null),
      },
      { buffer: 1, signal: parts.stop.signal },
    );
    expect([emitter.has('dispatch'), requests.answers.has('down')]).toEqual([true, true]);
    requests.rejectAll(closed);
    expect(emitter.has('dispatch')).toBe(true);
    isDown = true;
    end({ ...parts, events });
    expect([emitter.has('dispatch'), requests.answers.has('down')]).toEqual([false, false]);
  });
});
