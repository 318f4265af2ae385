import { describe, expect, test } from 'vitest';
import type { SampleGuild, SimulatorOptions } from '../../src/simulator/index.js';
import { broken, connected, identified, simulate, type RawClient } from './rawClient.js';

const guild: SampleGuild = {
  id: '4194304',
  name: 'one',
  members: ['Ada', 'Adele', 'Bob', 'Carl', 'Dan'].map((username, n) => ({ user: { id: String(n + 1), username } })),
  presences: [{ user: { id: '5' }, status: 'idle' }],
  soundboard_sounds: [{ name: 'quack' }],
  channels: [{ id: '7', name: 'voice', status: null, voice_start_time: 3 }],
};
const options: SimulatorOptions = { guilds: [guild], chunkSize: 2 };
/** Guilds, GuildMembers and GuildPresences. */
const intents = 0b100000011;
const everyone = { guild_id: guild.id, query: '', limit: 0 };

/** Dispatches of the client without READY and GUILD_CREATE. */
async function answers(client: RawClient): Promise<[string | null, unknown][]> {
  await client.settled();
  return client.frames
    .filter(({ op, t }) => op === 0 && t !== 'READY' && t !== 'GUILD_CREATE')
    .map(({ t, d }) => [t, d as unknown]);
}

describe('a request', () => {
  test('op 8 is answered in chunks, with the nonce and the presences of each', async () => {
    const { client } = await identified(await simulate(options), { intents });
    client.send(8, { ...everyone, presences: true, nonce: 'mine' });
    const chunks = (await answers(client)).map(([, d]) => d as Record<string, unknown>);
    expect(chunks.map(({ members }) => (members as unknown[]).length)).toEqual([2, 2, 1]);
    expect(chunks.map(({ presences }) => presences)).toEqual([[], [], guild['presences']]);
    expect(chunks[2]).toMatchObject({ guild_id: guild.id, chunk_index: 2, chunk_count: 3, nonce: 'mine' });
    expect(chunks[0]).not.toHaveProperty('not_found');
  });

  test('op 8 selects members by prefix and limit or by ids, and answers with one chunk where none matches', async () => {
    const { client } = await identified(await simulate({ ...options, chunkSize: 100 }));
    client.send(8, { guild_id: guild.id, query: 'ad', limit: 1 });
    client.send(8, { guild_id: guild.id, user_ids: ['3', '9'] });
    client.send(8, { guild_id: guild.id, user_ids: '2', nonce: 'x'.repeat(33) });
    client.send(8, { guild_id: guild.id, query: 'zoe', limit: 5 });
    const chunks = (await answers(client)).map(([, d]) => d as { members: { user: { username: string } }[] });
    expect(chunks.map(({ members }) => members.map(({ user }) => user.username))).toEqual([
      ['Ada'],
      ['Bob'],
      ['Adele'],
      [],
    ]);
    expect(chunks[1]).toMatchObject({ not_found: ['9'] });
    expect(chunks[2]).not.toHaveProperty('nonce');
    expect(chunks[3]).toMatchObject({ chunk_index: 0, chunk_count: 1 });
  });

  test('op 4 is answered with the voice state, and with a voice server unless the channel is null', async () => {
    const { client } = await identified(await simulate(options));
    client.send(4, { guild_id: guild.id, channel_id: '7', self_mute: true, self_deaf: false });
    client.send(4, { guild_id: guild.id, channel_id: null, self_mute: false, self_deaf: false });
    expect(await answers(client)).toMatchObject([
      ['VOICE_STATE_UPDATE', { user_id: '80351110224678912', channel_id: '7', self_mute: true }],
      ['VOICE_SERVER_UPDATE', { guild_id: guild.id }],
      ['VOICE_STATE_UPDATE', { channel_id: null }],
    ]);
  });

  test('op 31 is answered for each known guild, op 43 with the requested fields', async () => {
    const { client } = await identified(await simulate(options));
    client.send(31, { guild_ids: [guild.id, '1'] });
    client.send(43, { guild_id: guild.id, fields: ['voice_start_time'] });
    expect(await answers(client)).toEqual([
      ['SOUNDBOARD_SOUNDS', { guild_id: guild.id, soundboard_sounds: [{ name: 'quack' }] }],
      ['CHANNEL_INFO', { guild_id: guild.id, channels: [{ id: '7', voice_start_time: 3 }] }],
    ]);
  });

  test('a request for an unknown guild or channel, or without one, gets no answer and is no violation', async () => {
    const simulator = await simulate(options);
    const { client } = await identified(simulator, { intents });
    for (const d of [null, 'x', {}, { guild_id: '1' }, { guild_ids: '1' }, { guild_id: guild.id, channel_id: '8' }]) {
      for (const op of [4, 31]) client.send(op, d);
    }
    client.send(8, { ...everyone, guild_id: '1' });
    client.send(43, { guild_id: '1', fields: ['status'] });
    expect(await answers(client)).toEqual([]);
    expect(simulator.violations).toEqual([]);
  });

  test('faults at `request` answer with RATE_LIMITED, late, or not at all', async () => {
    const simulator = await simulate({
      ...options,
      script: [
        { at: 'request', rateLimit: 1.5 },
        { at: 'request', skip: true },
        { at: 'request', delay: 1 },
      ],
    });
    const { client } = await identified(simulator, { intents });
    client.send(8, { ...everyone, nonce: 'mine' });
    client.send(8, everyone);
    client.send(31, { guild_ids: [guild.id] });
    await client.event('SOUNDBOARD_SOUNDS');
    expect(await answers(client)).toMatchObject([
      ['RATE_LIMITED', { opcode: 8, retry_after: 1.5, meta: { guild_id: guild.id, nonce: 'mine' } }],
      ['SOUNDBOARD_SOUNDS', {}],
    ]);
    expect(() => simulator.next({ at: 'request', rateLimit: -1 })).toThrow('rateLimit');
    expect(() => simulator.next({ at: 'identify', rateLimit: 1 } as never)).toThrow('rateLimit');
  });

  test('op 8 for all members twice in membersWindow is answered with RATE_LIMITED and is a violation, on whichever shard', async () => {
    let now = 0;
    const simulator = await simulate({ ...options, chunkSize: 100, now: () => now });
    const clients = [await identified(simulator, { intents }), await identified(simulator, { intents, shard: [0, 1] })];
    const [first, second] = clients.map(({ client }) => client) as [RawClient, RawClient];
    first.send(8, everyone);
    await first.event('GUILD_MEMBERS_CHUNK');
    now = 10_000;
    second.send(8, { ...everyone, nonce: 'mine' });
    second.send(8, { ...everyone, limit: 3 });
    second.send(8, { ...everyone, query: 'a' });
    expect(await answers(second)).toMatchObject([
      ['RATE_LIMITED', { opcode: 8, retry_after: 20, meta: { guild_id: guild.id, nonce: 'mine' } }],
      ['GUILD_MEMBERS_CHUNK', {}],
      ['GUILD_MEMBERS_CHUNK', {}],
    ]);
    expect(broken(simulator).filter((rule) => rule !== 'second session for shard')).toEqual(['over members limit']);
    now = 30_000;
    first.send(8, everyone);
    expect((await answers(first)).map(([t]) => t)).toEqual(['GUILD_MEMBERS_CHUNK', 'GUILD_MEMBERS_CHUNK']);
  });

  test.each([
    ['an empty query without GuildMembers', 0b100000001, everyone],
    ['presences without GuildPresences', 0b11, { guild_id: guild.id, user_ids: ['1'], presences: true }],
  ])('op 8 with %s gets no answer and is a violation', async (_, lacking, d) => {
    const simulator = await simulate(options);
    const { client } = await identified(simulator, { intents: lacking });
    client.send(8, d);
    expect(await answers(client)).toEqual([]);
    expect(broken(simulator)).toEqual(['missing intent']);
  });

  test('op 8 with a prefix is answered with at most 100 members, with an empty query with all', async () => {
    const members = Array.from({ length: 150 }, (_, n) => ({ user: { id: String(n + 1), username: `ada${n}` } }));
    const { client } = await identified(await simulate({ guilds: [{ ...guild, members }] }), { intents });
    client.send(8, { ...everyone, query: 'ada', limit: 120 });
    client.send(8, everyone);
    const chunks = (await answers(client)).map(([, d]) => (d as { members: unknown[] }).members.length);
    expect(chunks).toEqual([100, 150]);
  });

  test('an answer is replayed after RESUME like any dispatch', async () => {
    const simulator = await simulate(options);
    const { client, sessionId } = await identified(simulator);
    await client.event('GUILD_CREATE');
    const { s: seq } = client.frames.at(-1) ?? {};
    client.send(31, { guild_ids: [guild.id] });
    await client.event('SOUNDBOARD_SOUNDS');
    client.socket.terminate();
    const next = await connected(simulator);
    next.resume(sessionId, seq);
    await next.event('RESUMED');
    expect((await answers(next)).map(([t]) => t)).toEqual(['SOUNDBOARD_SOUNDS', 'RESUMED']);
  });
});
