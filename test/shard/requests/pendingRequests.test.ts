import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestChannelInfo } from '../../../src/shard/requests/channelInfo.js';
import { userIdOf } from '../../../src/shard/requests/pendingRequests.js';
import { requestGuildMembers, requestGuildMembersIterator } from '../../../src/shard/requests/guildMembers.js';
import { requestSoundboardSounds } from '../../../src/shard/requests/soundboardSounds.js';
import { updateVoiceState } from '../../../src/shard/requests/voiceState.js';
import { ShardError } from '../../../src/util/errors.js';
import { BOT, everyone, start, startWaiting, turn } from './rig.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('requestGuildMembers', () => {
  test('takes chunks in any order and each once, and resolves in the order of the chunks', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, { guild_id: '1', user_ids: ['1', '2', '3'], presences: true });
    await turn();
    rig.chunk(2, 3, { presences: [{ status: 'idle' }] });
    rig.chunk(0, 3, { not_found: ['3'] });
    rig.chunk(2, 3);
    rig.chunk(1, 3, { nonce: 'of another request' });
    rig.chunk(1, 3, { presences: [{ status: 'dnd' }] });
    expect(await outcome).toEqual({
      members: [{ nick: 'm0' }, { nick: 'm1' }, { nick: 'm2' }],
      presences: [{ status: 'dnd' }, { status: 'idle' }],
      notFound: ['3'],
    });
  });

  test('gives each request a nonce of its own of at most 32 bytes, or sends the one it was given', async () => {
    const rig = start();
    const stop = new AbortController();
    const asked = [...['a', 'b', 'c'].map((query) => ({ query })), { query: 'c', nonce: 'ß'.repeat(16) }];
    const outcomes = asked.map((more) =>
      requestGuildMembers(rig.requests, { ...everyone, ...more }, { signal: stop.signal }),
    );
    const nonces = rig.sent.map(({ d }) => d['nonce'] as string);
    expect(new Set(nonces).size).toBe(4);
    expect(nonces.every((nonce) => Buffer.byteLength(nonce) <= 32)).toBe(true);
    expect(nonces[3]).toBe('ß'.repeat(16));
    expect(rig.sent[0]).toEqual({ op: 8, d: { ...everyone, query: 'a', nonce: nonces[0] } });
    stop.abort();
    await Promise.allSettled(outcomes);
  });

  const wrong: Record<string, unknown> = {
    'nothing at all': undefined,
    'no guild': { query: '', limit: 0 },
    'a guild id that is a number': { ...everyone, guild_id: 1 },
    'neither query nor user_ids': { guild_id: '1' },
    'both query and user_ids': { ...everyone, user_ids: ['1'] },
    'a query without a limit': { guild_id: '1', query: '' },
    'a limit below 0': { ...everyone, limit: -1 },
    'a limit that is no whole number': { ...everyone, limit: 1.5 },
    'a prefix with a limit over 100': { ...everyone, query: 'a', limit: 101 },
    'a query that is no string': { ...everyone, query: 1 },
    'no user ids': { guild_id: '1', user_ids: [] },
    'user ids that are none': { guild_id: '1', user_ids: ['1', 'me'] },
    'more than 100 user ids': { guild_id: '1', user_ids: Array.from({ length: 101 }, (_, n) => String(n)) },
    'presences that are no boolean': { ...everyone, presences: 1 },
    'a nonce of 33 bytes': { ...everyone, nonce: 'x'.repeat(33) },
    'an empty nonce': { ...everyone, nonce: '' },
  };

  test.each(Object.entries(wrong))('refuses %s', async (_, request) => {
    const rig = start();
    const expected = { name: 'ShardError', code: 'INVALID_PAYLOAD', value: request };
    await expect(requestGuildMembers(rig.requests, request as never)).rejects.toMatchObject(expected);
    await expect(requestGuildMembersIterator(rig.requests, request as never).next()).rejects.toMatchObject(expected);
    expect(rig.sent).toEqual([]);
  });

  test('takes one user id without an array', async () => {
    const rig = start();
    const outcome = requestGuildMembers(rig.requests, { guild_id: '1', user_ids: '7' });
    await turn();
    rig.chunk(0, 1);
    expect((await outcome).members).toHaveLength(1);
  });
});

describe('requestGuildMembersIterator', () => {
  test('asks when the loop begins and yields each chunk as it comes', async () => {
    const rig = start();
    const chunks = requestGuildMembersIterator(rig.requests, everyone);
    expect(rig.sent).toEqual([]);
    const first = chunks.next();
    await turn();
    rig.chunk(1, 2);
    expect((await first).value).toMatchObject({ chunk_index: 1, members: [{ nick: 'm1' }] });
    rig.chunk(0, 2);
    expect((await chunks.next()).value).toMatchObject({ chunk_index: 0 });
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
    expect(rig.listened()).toEqual([]);
  });

  test('gives the request up when the loop is left', async () => {
    const rig = start();
    const left = (async () => {
      for await (const { chunk_index } of requestGuildMembersIterator(rig.requests, everyone)) return chunk_index;
      return null;
    })();
    await turn();
    rig.chunk(0, 9);
    expect(await left).toBe(0);
    expect(rig.listened()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('yields what had come before it throws', async () => {
    const rig = start();
    const chunks = requestGuildMembersIterator(rig.requests, everyone);
    const first = chunks.next();
    await turn();
    rig.chunk(0, 3);
    rig.chunk(1, 3);
    rig.requests.rejectAll(new ShardError('CLOSED', 'down'));
    await first;
    expect((await chunks.next()).value).toMatchObject({ chunk_index: 1 });
    await expect(chunks.next()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('is ended by its signal', async () => {
    const rig = start();
    const stop = new AbortController();
    const next = requestGuildMembersIterator(rig.requests, everyone, { signal: stop.signal }).next();
    await turn();
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(rig.listened()).toEqual([]);
  });
});

describe('updateVoiceState', () => {
  const join = { guild_id: '1', channel_id: '5', self_mute: false, self_deaf: true };
  const state = { ...join, user_id: BOT, session_id: 'a' };

  test('resolves with the bot’s own state in that channel, and no other’s', async () => {
    const rig = start();
    const outcome = updateVoiceState(rig.requests, join);
    await turn();
    expect(rig.sent).toEqual([{ op: 4, d: join }]);
    rig.say('VOICE_STATE_UPDATE', { ...state, user_id: '9' });
    rig.say('VOICE_STATE_UPDATE', { ...state, guild_id: '2' });
    rig.say('VOICE_STATE_UPDATE', { ...state, channel_id: '6' });
    rig.say('VOICE_STATE_UPDATE', { ...state, self_deaf: false });
    rig.say('VOICE_STATE_UPDATE', state);
    expect(await outcome).toEqual({ state, server: null });
    expect(rig.listened()).toEqual([]);
  });

  test.each([
    ['after', ['VOICE_STATE_UPDATE', 'VOICE_SERVER_UPDATE']],
    ['before', ['VOICE_SERVER_UPDATE', 'VOICE_STATE_UPDATE']],
  ] as const)('waits for the voice server that comes %s the state, if asked', async (_, order) => {
    const rig = start();
    const outcome = updateVoiceState(rig.requests, join, { server: true });
    await turn();
    const server = { guild_id: '1', token: 'of the voice server', endpoint: 'voice.example' };
    rig.say('VOICE_SERVER_UPDATE', { ...server, endpoint: null });
    rig.say('VOICE_SERVER_UPDATE', { ...server, guild_id: '2' });
    for (const t of order) rig.say(t, t === 'VOICE_STATE_UPDATE' ? state : server);
    expect(await outcome).toEqual({ state, server });
  });

  test('says in its timeout what did not come', async () => {
    const rig = start();
    const outcome = updateVoiceState(rig.requests, join, { server: true }).catch((error: unknown) => error);
    await turn();
    rig.say('VOICE_STATE_UPDATE', state);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome).toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringContaining('SERVER_UPDATE did not'),
    });
  });

  test('takes no state for its answer that came before it had left', async () => {
    const rig = startWaiting();
    const outcome = updateVoiceState(rig.requests, join);
    await turn();
    rig.say('VOICE_STATE_UPDATE', { ...state, session_id: 'before' });
    rig.leave();
    await turn();
    rig.say('VOICE_STATE_UPDATE', state);
    expect(await outcome).toMatchObject({ state: { session_id: 'a' } });
  });

  test('believes READY about who the bot is', async () => {
    const rig = start();
    rig.say('READY', { user: { id: '4711' } });
    const outcome = updateVoiceState(rig.requests, join);
    await turn();
    rig.say('VOICE_STATE_UPDATE', state);
    rig.say('VOICE_STATE_UPDATE', { ...state, user_id: '4711' });
    expect(await outcome).toMatchObject({ state: { user_id: '4711' } });
  });

  const wrong: Record<string, [unknown, boolean]> = {
    nothing: [null, false],
    'no guild': [{ ...join, guild_id: undefined }, false],
    'no channel': [{ ...join, channel_id: undefined }, false],
    'no self_mute': [{ ...join, self_mute: undefined }, false],
    'a self_deaf that is no boolean': [{ ...join, self_deaf: 1 }, false],
    'the wish for a server on leaving': [{ ...join, channel_id: null }, true],
  };

  test.each(Object.entries(wrong))('refuses %s', async (_, [update, server]) => {
    const rig = start();
    await expect(updateVoiceState(rig.requests, update as never, { server })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
    });
    expect(rig.sent).toEqual([]);
  });

  test('knows the bot by its token until READY says who it is', () => {
    const head = Buffer.from(BOT).toString('base64').replace(/=+$/, '');
    expect(userIdOf(`${head}.GvZx1A.not-a-real-token`)).toBe(BOT);
    expect(userIdOf('any')).toBeNull();
    expect(userIdOf('no.real.token')).toBeNull();
  });
});

describe('requestSoundboardSounds', () => {
  test('resolves with the sounds of every guild once the last has answered', async () => {
    const rig = start();
    const outcome = requestSoundboardSounds(rig.requests, ['1', '2', '1']);
    await turn();
    expect(rig.sent).toEqual([{ op: 31, d: { guild_ids: ['1', '2'] } }]);
    rig.say('SOUNDBOARD_SOUNDS', { guild_id: '2', soundboard_sounds: [{ name: 'quack' }] });
    rig.say('SOUNDBOARD_SOUNDS', { guild_id: '3', soundboard_sounds: [] });
    rig.say('SOUNDBOARD_SOUNDS', { guild_id: '1', soundboard_sounds: [] });
    expect([...(await outcome)]).toEqual([
      ['2', [{ name: 'quack' }]],
      ['1', []],
    ]);
  });

  test('names in its timeout the guilds that did not answer', async () => {
    const rig = start();
    const outcome = requestSoundboardSounds(rig.requests, ['1', '2', '3']).catch((error: unknown) => error);
    await turn();
    rig.say('SOUNDBOARD_SOUNDS', { guild_id: '2', soundboard_sounds: [] });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome).toMatchObject({ code: 'TIMED_OUT', message: expect.stringContaining('guilds 1, 3 ') });
  });

  test.each([[undefined], [[]], ['1'], [['x']]])('refuses %j', async (guildIds) => {
    const rig = start();
    await expect(requestSoundboardSounds(rig.requests, guildIds as never)).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      value: guildIds,
    });
  });
});

describe('requestChannelInfo', () => {
  test('resolves with the CHANNEL_INFO of that guild', async () => {
    const rig = start();
    const request = { guild_id: '1', fields: ['status'] };
    const outcome = requestChannelInfo(rig.requests, request);
    await turn();
    expect(rig.sent).toEqual([{ op: 43, d: request }]);
    rig.say('CHANNEL_INFO', { guild_id: '2', channels: [] });
    rig.say('CHANNEL_INFO', { guild_id: '1', channels: [{ id: '5', status: 'singing' }] });
    expect(await outcome).toEqual({ guild_id: '1', channels: [{ id: '5', status: 'singing' }] });
    expect(rig.listened()).toEqual([]);
  });

  test.each([[undefined], [{ guild_id: '1' }], [{ guild_id: '1', fields: [] }], [{ guild_id: 1, fields: ['status'] }]])(
    'refuses %j',
    async (request) => {
      const rig = start();
      await expect(requestChannelInfo(rig.requests, request as never)).rejects.toMatchObject({
        code: 'INVALID_PAYLOAD',
      });
    },
  );
});
