import { PresenceUpdateStatus, Status } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { TOKEN } from '../shard/rig.js';
import { bot, GUILD, next, opsOf, sentBy } from './rig.js';

describe('a Client of discord.js over shardchart', () => {
  test('login identifies once, and clientReady comes with the user and the guilds', async () => {
    const { client, simulator, up } = await bot();
    await up();
    expect(client.user?.username).toBe('simulated');
    expect([...client.guilds.cache.keys()]).toEqual([GUILD.id]);
    expect(client.ws.status).toBe(Status.Ready);
    expect(opsOf(simulator)).toEqual([2]);
    expect(simulator.connections[0]?.query).toMatchObject({ v: '10', compress: 'zlib-stream' });
  });

  test('a message of a user becomes messageCreate', async () => {
    const { client, simulator, up } = await bot();
    await up();
    const message = next(client, 'messageCreate');
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }));
    expect(await message).toMatchObject([{ content: 'hello', guildId: GUILD.id }]);
  });

  test('members.fetch() gets all 2 500 members of a guild in three chunks', async () => {
    const members = Array.from({ length: 2_500 }, (_, id) => ({ user: { id: String(id + 1), username: `u${id}` } }));
    const { client, simulator, up } = await bot({ simulator: { guilds: [{ ...GUILD, members }] } });
    await up();
    const fetched = await client.guilds.cache.get(GUILD.id)?.members.fetch();
    expect(fetched?.size).toBeGreaterThanOrEqual(2_500);
    expect(sentBy(simulator).filter(({ op }) => op === 8)).toHaveLength(1);
    expect(simulator.frames.filter(({ t }) => t === 'GUILD_MEMBERS_CHUNK')).toHaveLength(3);
  });

  test('setPresence sends op 3', async () => {
    const { client, simulator, up } = await bot();
    await up();
    client.user?.setPresence({ status: PresenceUpdateStatus.Idle });
    const { d } = await simulator.waitForFrame(({ op }) => op === 3);
    expect(d).toMatchObject({ status: 'idle' });
  });

  test('a presence that is set while the shard resumes is sent once it has', async () => {
    const { client, simulator, up } = await bot({ simulator: { script: [{ at: 'resume', delay: 300 }] } });
    await up();
    client.once('shardReconnecting', () => client.user?.setStatus('dnd'));
    simulator.reset();
    const { d } = await simulator.waitForFrame(({ op }) => op === 3);
    expect(d).toMatchObject({ status: 'dnd' });
    expect(opsOf(simulator)).toEqual([2, 6, 3]);
  });

  test('of seven presences at once five are sent: the others wait for their turn', async () => {
    const { client, simulator, up } = await bot();
    await up();
    for (let at = 0; at < 7; at += 1) client.user?.setStatus(at % 2 === 0 ? 'idle' : 'dnd');
    await expect.poll(() => opsOf(simulator)).toEqual([2, 3, 3, 3, 3, 3]);
  });

  test('voiceAdapterCreator sends op 4, and hands out the voice server', async () => {
    const channels = [{ id: '5', type: 2, name: 'lounge', position: 0, permission_overwrites: [] }];
    const { client, up } = await bot({ simulator: { guilds: [{ ...GUILD, channels }] } });
    await up();
    const events: unknown[] = [];
    const adapter = client.guilds.cache.get(GUILD.id)?.voiceAdapterCreator({
      onVoiceStateUpdate: ({ channel_id: channelId }) => events.push(['state', channelId]),
      onVoiceServerUpdate: ({ guild_id: guildId }) => events.push(['server', guildId]),
      destroy: () => {},
    });
    const d = { guild_id: GUILD.id, channel_id: '5', self_mute: false, self_deaf: false };
    expect(adapter?.sendPayload({ op: 4, d })).toBe(true);
    await expect
      .poll(() => events.toSorted())
      .toEqual([
        ['server', GUILD.id],
        ['state', '5'],
      ]);
  });

  test('HTTP 500 at login rejects with the error of the REST client, and nothing connects', async () => {
    const { client, simulator } = await bot({ simulator: { script: [{ at: 'api', refuse: 500 }] } });
    await expect(client.login(TOKEN)).rejects.toMatchObject({ status: 500 });
    expect(simulator.connections).toEqual([]);
  });

  test('a TCP reset is resumed: missed messages come, and no second identify is spent', async () => {
    const { client, simulator, up } = await bot();
    await up();
    const resumed = next(client, 'shardResume');
    const message = next(client, 'messageCreate');
    simulator.reset();
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'missed' }));
    expect(await message).toMatchObject([{ content: 'missed' }]);
    expect(await resumed).toEqual([0, 1]);
    expect(opsOf(simulator)).toEqual([2, 6]);
  });
});
