import { describe, expect, it } from 'vitest';
import { data, scenario, sentBy, sentTo, shardOn, stays, story, until } from '../rig.js';
import { caught, everyone, guild, members, parses, silent, withGuilds } from './servedRig.js';

describe.concurrent('the answer', () => {
  it(
    'of requestGuildMembers is every member, out of as many chunks as it takes',
    scenario({ simulator: withGuilds }, async (rig) => {
      const { simulator, shard } = rig;
      await shard.connect();
      const answer = await shard.requestGuildMembers({ ...everyone, presences: true });
      expect(answer).toEqual({ members, presences: guild['presences'], notFound: [] });
      const [request] = sentBy(simulator, 8);
      expect(data(request)).toEqual({ ...everyone, presences: true, nonce: expect.stringMatching(/^[0-9a-f]{32}$/) });
      const chunks = sentTo(simulator, 'GUILD_MEMBERS_CHUNK').map(data);
      expect(chunks.map(({ chunk_index: index, chunk_count: count }) => [index, count])).toEqual([
        [0, 3],
        [1, 3],
        [2, 3],
      ]);
      expect(new Set(chunks.map(({ nonce }) => nonce))).toEqual(new Set([data(request)['nonce']]));
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);
      expect(await parses(rig, 'RATE_LIMITED')).toBe(false);
    }),
  );

  it(
    'of requestGuildMembers is those asked for, and the ids of no member',
    scenario({ simulator: withGuilds }, async ({ shard }) => {
      await shard.connect();
      const byId = await shard.requestGuildMembers({ guild_id: guild.id, user_ids: ['103', '9'] });
      expect(byId).toEqual({ members: [members[3]], presences: [], notFound: ['9'] });
      const byName = await shard.requestGuildMembers({ guild_id: guild.id, query: 'USER', limit: 2 });
      expect(byName.members).toEqual(members.slice(0, 2));
      const none = await shard.requestGuildMembers({ guild_id: silent.id, query: 'x', limit: 1 });
      expect(none).toEqual({ members: [], presences: [], notFound: [] });
    }),
  );

  it(
    'of requestGuildMembersIterator is each chunk, and leaving the loop leaves nothing behind',
    scenario({ simulator: withGuilds }, async (rig) => {
      const { shard } = rig;
      await shard.connect();
      const names: string[] = [];
      for await (const chunk of shard.requestGuildMembersIterator(everyone)) {
        names.push(...chunk.members.map(({ user }) => user.username));
        if (chunk.chunk_index === 1) break;
      }
      expect(names).toEqual(['user0', 'user1', 'user2', 'user3', 'user4', 'user5']);
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);
    }),
  );

  it(
    'of updateVoiceState is the bot’s own state and, if asked, the voice server',
    scenario({ simulator: withGuilds }, async (rig) => {
      const { simulator, shard } = rig;
      await shard.connect();
      const join = { guild_id: guild.id, channel_id: '5', self_mute: true, self_deaf: false };
      const own = { user_id: '80351110224678912', guild_id: guild.id, channel_id: '5', self_mute: true };
      expect(await shard.updateVoiceState(join)).toMatchObject({ state: own, server: null });
      const { server } = await shard.updateVoiceState(join, { server: true });
      expect(server).toEqual({ token: 'simulated', guild_id: guild.id, endpoint: 'voice.invalid:443' });
      const { state } = await shard.updateVoiceState({ ...join, channel_id: null });
      expect(state.channel_id).toBeNull();
      expect(sentBy(simulator, 4).map(data)).toEqual([join, join, { ...join, channel_id: null }]);
      expect(await parses(rig, 'VOICE_STATE_UPDATE')).toBe(false);
      expect(await parses(rig, 'VOICE_SERVER_UPDATE')).toBe(false);
    }),
  );

  it(
    'of requestSoundboardSounds and of requestChannelInfo is what the guilds have',
    scenario({ simulator: withGuilds }, async (rig) => {
      const { simulator, shard } = rig;
      await shard.connect();
      const sounds = await shard.requestSoundboardSounds([guild.id, silent.id]);
      expect([...sounds]).toEqual([
        [guild.id, guild['soundboard_sounds']],
        [silent.id, []],
      ]);
      const info = await shard.requestChannelInfo({ guild_id: guild.id, fields: ['status'] });
      expect(info).toEqual({ guild_id: guild.id, channels: [{ id: '5', status: 'singing' }] });
      expect(sentBy(simulator, 31).map(data)).toEqual([{ guild_ids: [guild.id, silent.id] }]);
      expect(sentBy(simulator, 43).map(data)).toEqual([{ guild_id: guild.id, fields: ['status'] }]);
      expect(await parses(rig, 'SOUNDBOARD_SOUNDS')).toBe(false);
      expect(await parses(rig, 'CHANNEL_INFO')).toBe(false);
    }),
  );

  it(
    'of each of fifty requests at once is its own, however their chunks are mixed',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const requests = Array.from({ length: 50 }, (_, n) =>
        shard.requestGuildMembers({ guild_id: String(n % 5), query: `q${n}`, limit: 0 }),
      );
      await until(() => sentBy(simulator, 8).length === 50);
      const chunks = sentBy(simulator, 8)
        .map(data)
        .flatMap(({ guild_id, nonce, query }) =>
          [0, 1, 2, 3].map((index) => ({
            guild_id,
            nonce,
            chunk_index: index,
            chunk_count: 4,
            members: [{ nick: `${String(query)}.${index}` }],
          })),
        );
      for (const chunk of shuffled(chunks)) simulator.dispatch('GUILD_MEMBERS_CHUNK', chunk);
      for (const [n, answer] of (await Promise.all(requests)).entries()) {
        expect(answer.members.map(({ nick }) => nick)).toEqual([0, 1, 2, 3].map((index) => `q${n}.${index}`));
      }
    }),
  );

  it(
    'comes to a request that was made while the shard comes up',
    scenario({ simulator: withGuilds }, async ({ shard }) => {
      const connected = shard.connect();
      const answer = shard.requestGuildMembers(everyone, { timeout: 2_000 });
      await connected;
      expect((await answer).members).toHaveLength(7);
    }),
  );
});

describe.concurrent('with the option `events`', () => {
  it(
    'a request is answered, and its dispatches reach no listener who did not ask for them',
    scenario({ simulator: withGuilds, shard: { events: ['MESSAGE_CREATE'] } }, async ({ simulator, shard }) => {
      const heard: string[] = [];
      shard.on('GUILD_MEMBERS_CHUNK', () => heard.push('chunk'));
      shard.on('dispatch', ({ t }) => heard.push(t));
      await shard.connect();
      expect((await shard.requestGuildMembers(everyone)).members).toHaveLength(7);
      simulator.dispatch('MESSAGE_CREATE', {});
      await until(() => heard.includes('MESSAGE_CREATE'));
      expect(heard).toEqual(['READY', 'MESSAGE_CREATE']);
    }),
  );

  it(
    'that names them, listeners hear the dispatches as ever',
    scenario({ simulator: withGuilds, shard: { events: ['GUILD_MEMBERS_CHUNK'] } }, async ({ shard }) => {
      const heard: number[] = [];
      shard.on('GUILD_MEMBERS_CHUNK', (chunk) => heard.push(chunk.chunk_index));
      await shard.connect();
      await shard.requestGuildMembers(everyone);
      expect(heard).toEqual([0, 1, 2]);
    }),
  );
});

describe.concurrent('a request that is RATE_LIMITED', () => {
  it(
    'waits as long as RATE_LIMITED says and is sent again',
    scenario(
      { simulator: { ...withGuilds, script: [{ at: 'request', rateLimit: 0.2, times: 2 }] } },
      async ({ simulator, shard }) => {
        await shard.connect();
        expect((await shard.requestGuildMembers(everyone)).members).toHaveLength(7);
        const [first, second, third, ...more] = sentBy(simulator, 8);
        expect(more).toEqual([]);
        expect(data(second)).toEqual(data(first));
        // A millisecond less, for two clocks that round.
        expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(199);
        expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(199);
        expect(data(sentTo(simulator, 'RATE_LIMITED')[0])).toMatchObject({ opcode: 8, retry_after: 0.2 });
      },
    ),
  );

  it(
    'for the fourth time fails with how long to wait',
    scenario(
      { simulator: { ...withGuilds, script: [{ at: 'request', rateLimit: 0.02, times: Infinity }] } },
      async (rig) => {
        await rig.shard.connect();
        await expect(rig.shard.requestGuildMembers(everyone)).rejects.toMatchObject({
          name: 'ShardError',
          code: 'RATE_LIMITED',
          value: 20,
        });
        expect(sentBy(rig.simulator, 8)).toHaveLength(4);
        expect(await parses(rig, 'RATE_LIMITED')).toBe(false);
        await stays(() => sentBy(rig.simulator, 8).length, 100);
      },
    ),
  );

  it(
    'is not asked again once it is aborted',
    scenario(
      { simulator: { ...withGuilds, script: [{ at: 'request', rateLimit: 0.1 }] } },
      async ({ simulator, shard }) => {
        await shard.connect();
        const stop = new AbortController();
        const answer = caught(shard.requestGuildMembers(everyone, { signal: stop.signal }));
        await until(() => sentTo(simulator, 'RATE_LIMITED').length === 1);
        stop.abort(new Error('enough'));
        expect(await answer).toMatchObject({ message: 'enough' });
        await stays(() => sentBy(simulator, 8).length, 250);
      },
    ),
  );
});

it('updateVoiceState knows the bot in a session another process began, where no READY ever comes', async () => {
  const token = `${Buffer.from('80351110224678912').toString('base64url')}.made.up`;
  await scenario({ simulator: { ...withGuilds, token }, shard: { token } }, async ({ simulator, shard }) => {
    await shard.connect();
    const { session } = shard;
    await shard.shutdown({ resumable: true });
    const next = shardOn(simulator, { token, session });
    await next.connect();
    const join = { guild_id: guild.id, channel_id: '5', self_mute: false, self_deaf: false };
    const { state } = await next.updateVoiceState(join);
    expect(state.user_id).toBe('80351110224678912');
    expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    await next.shutdown();
  })();
});

/** The same every time, so that a failure can be had again. */
function shuffled<T>(values: readonly T[]): T[] {
  const order = values.map((value, index) => ({ value, key: (index * 7_919) % 1_009 }));
  return order.toSorted((a, b) => a.key - b.key).map(({ value }) => value);
}
