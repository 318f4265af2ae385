import { describe, expect, it } from 'vitest';
import type { Shard } from '../../../src/index.js';
import { data, reached, scenario, sentBy, story, until } from '../rig.js';
import { caught, everyone, guild, members, parses, unknown, withGuilds } from './servedRig.js';

describe.concurrent('a connection that is lost in the middle', () => {
  it(
    'costs a request nothing where the session is resumed',
    scenario(
      { simulator: { ...withGuilds, script: [{ at: 'dispatch', reset: true, after: 3 }] } },
      async ({ simulator, shard }) => {
        // Two GUILD_CREATE, and of three chunks the second is the last that leaves.
        await shard.connect();
        expect((await shard.requestGuildMembers(everyone)).members).toEqual(members);
        expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
        expect(sentBy(simulator, 8)).toHaveLength(1);
        expect(simulator.connections[0]?.closedBy).toBe('gateway');
      },
    ),
  );

  it(
    'loses a request nothing that is answered only after the resume',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const answer = shard.requestGuildMembers(unknown);
      const { nonce } = data(await simulator.waitForFrame(({ op, direction }) => direction === 'client' && op === 8));
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      simulator.dispatch('GUILD_MEMBERS_CHUNK', { nonce, chunk_index: 0, chunk_count: 1, members: [] });
      expect((await answer).members).toEqual([]);
    }),
  );

  it(
    'fails a request with SESSION_LOST as soon as there is a new session',
    scenario({ simulator: { ...withGuilds, script: [{ at: 'request', closeWith: 4009 }] } }, async (rig) => {
      const { simulator, shard } = rig;
      await shard.connect();
      const answer = caught(shard.requestGuildMembers(everyone, { timeout: 60_000 }));
      expect(await answer).toMatchObject({ name: 'ShardError', code: 'SESSION_LOST', value: 8 });
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);
      // A limit, for all members of a guild are not asked for twice in 30 s.
      expect((await shard.requestGuildMembers({ ...everyone, limit: 10 })).members).toHaveLength(7);
    }),
  );
});

describe.concurrent('no answer', () => {
  it(
    'is TIMED_OUT, which says how many chunks came, and leaves nothing behind',
    scenario({ simulator: { ...withGuilds, script: [{ at: 'dispatch', skip: true, after: 3 }] } }, async (rig) => {
      const { shard } = rig;
      await shard.connect();
      await expect(shard.requestGuildMembers(everyone, { timeout: 800 })).rejects.toMatchObject({
        code: 'TIMED_OUT',
        value: 800,
        message: expect.stringContaining('2 of 3 chunks came'),
      });
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);
      const voice = { guild_id: guild.id, channel_id: '6', self_mute: false, self_deaf: false };
      await expect(shard.updateVoiceState(voice, { timeout: 50 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
      await expect(shard.requestSoundboardSounds(['1'], { timeout: 50 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
    }),
  );

  it(
    'rejects when its signal aborts, and what waits to be sent is withdrawn',
    scenario({}, async (rig) => {
      const { simulator, shard } = rig;
      const stop = new AbortController();
      const connected = shard.connect();
      const answer = caught(shard.requestGuildMembers(unknown, { signal: stop.signal }));
      expect(shard.queue.size).toBe(1);
      stop.abort(new Error('changed my mind'));
      expect(await answer).toMatchObject({ message: 'changed my mind' });
      expect(shard.queue.size).toBe(0);
      await connected;
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);

      const again = new AbortController();
      const loop = caught(shard.requestGuildMembersIterator(unknown, { signal: again.signal }).next());
      await until(() => sentBy(simulator, 8).length === 1);
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(true);
      again.abort(new Error('and again'));
      expect(await loop).toMatchObject({ message: 'and again' });
      expect(await parses(rig, 'GUILD_MEMBERS_CHUNK')).toBe(false);
      expect(sentBy(simulator, 8)).toHaveLength(1);
    }),
  );

  for (const command of ['close', 'shutdown', 'forceClose'] as const) {
    it(
      `is CLOSED by ${command}(), at once`,
      scenario({}, async ({ simulator, shard }) => {
        await shard.connect();
        const answers = requestsOn(shard).map(caught);
        await until(() => sentBy(simulator).filter(({ op }) => op !== null && op > 2 && op !== 6).length === 4);
        await shard[command]();
        for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ code: 'CLOSED' });
      }),
    );
  }

  it(
    'is the fatal error, where the gateway refuses the shard for good',
    scenario({}, async ({ simulator, shard }) => {
      const fatal = new Promise((resolve) => shard.once('fatal', resolve));
      await shard.connect();
      const answers = requestsOn(shard).map(caught);
      await until(() => sentBy(simulator, 43).length === 1);
      simulator.closeWith(4014);
      const error = await fatal;
      for (const answer of await Promise.all(answers)) expect(answer).toBe(error);
      await expect(shard.requestGuildMembers(unknown)).rejects.toBe(error);
    }),
  );
});

/** One of each, which the gateway leaves unanswered. */
function requestsOn(shard: Shard): Promise<unknown>[] {
  return [
    shard.requestGuildMembers(unknown),
    shard.updateVoiceState({ guild_id: '1', channel_id: '5', self_mute: false, self_deaf: false }),
    shard.requestSoundboardSounds(['1']),
    shard.requestChannelInfo({ guild_id: '1', fields: ['status'] }),
  ];
}
