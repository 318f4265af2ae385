import type { GatewayGuildCreateDispatchData } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { identified, simulate } from './rawClient.js';

const guilds = [
  { id: '41771983423143937', name: 'chess club' },
  {
    id: '41771983423143938',
    name: 'voice',
    members: [{ user: { id: '5', username: 'Ada' } }],
    channels: [{ id: '7', type: 2 }],
  },
];
const botId = '80351110224678912';

describe('snowflake()', () => {
  test('returns 10 000 ids that are unique and increase', async () => {
    const simulator = await simulate();
    const ids = Array.from({ length: 10_000 }, () => BigInt(simulator.snowflake()));
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0n))).toBe(true);
  });

  test('has the time of the clock, and increases where the clock goes back', async () => {
    let now = Date.UTC(2026, 0, 31, 12);
    const simulator = await simulate({ now: () => now });
    const first = simulator.message();
    expect(first.timestamp).toBe('2026-01-31T12:00:00.000000+00:00');
    now = 0;
    expect(BigInt(simulator.snowflake())).toBeGreaterThan(BigInt(first.id));
  });
});

describe('message()', () => {
  test('without fields is written by a user, in a text channel of the first guild', async () => {
    const simulator = await simulate({ guilds });
    const { client } = await identified(simulator, { intents: 1 });
    const created = (await client.event('GUILD_CREATE')).d as GatewayGuildCreateDispatchData;
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }));
    const { d } = await client.event('MESSAGE_CREATE');
    expect(d).toMatchObject({
      guild_id: created.id,
      channel_id: created.channels[0]?.id,
      content: 'hello',
      author: { username: 'somebody', discriminator: '0' },
      member: { roles: [], nick: null },
      mentions: [],
      attachments: [],
      embeds: [],
      type: 0,
    });
    expect(d.member).not.toHaveProperty('user');
    expect(d.timestamp).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+\+00:00$/);
  });

  test('has a new id and the same author each time', async () => {
    const simulator = await simulate();
    const [first, second] = [simulator.message(), simulator.message()];
    expect(second.id).not.toBe(first.id);
    expect(second.author).toEqual(first.author);
  });

  test('with fields of the author or the member keeps the other fields of both', async () => {
    const simulator = await simulate({ guilds });
    const message = simulator.message({ author: { username: 'Ada', bot: true }, member: { nick: 'countess' } });
    expect(message).toMatchObject({
      author: { username: 'Ada', bot: true, avatar: null },
      member: { nick: 'countess', deaf: false },
    });
  });

  test.each([
    ['no guild', [], {}],
    ['guild_id null', guilds, { guild_id: null }],
    ['guild_id undefined', guilds, { guild_id: undefined }],
  ])('with %s is a direct message', async (_name, given, fields) => {
    const message = (await simulate({ guilds: given })).message(fields);
    expect(message).toMatchObject({ channel_type: 1, channel_id: expect.stringMatching(/^\d+$/) as string });
    expect(message).not.toHaveProperty('guild_id');
    expect(message).not.toHaveProperty('member');
  });

  test('goes to the shard of its guild with dispatchToGuild', async () => {
    const simulator = await simulate({ guilds });
    const { client } = await identified(simulator);
    expect(simulator.dispatchToGuild('MESSAGE_CREATE', simulator.message())).toBe(1);
    await client.event('MESSAGE_CREATE');
  });
});

describe('GUILD_CREATE', () => {
  test('of a guild with an id and a name has @everyone, a text channel and the bot as a member', async () => {
    const { client } = await identified(await simulate({ guilds: guilds.slice(0, 1) }), { intents: 1 });
    expect((await client.event('GUILD_CREATE')).d).toMatchObject({
      id: guilds[0]?.id,
      name: 'chess club',
      unavailable: false,
      member_count: 1,
      roles: [{ id: guilds[0]?.id, name: '@everyone' }],
      channels: [{ name: 'general', type: 0 }],
      members: [{ user: { id: botId, bot: true, username: 'simulated' }, roles: [] }],
      voice_states: [],
      threads: [],
      presences: [],
    });
  });

  test('of a guild with members has those and the bot, and the channels unchanged', async () => {
    const { client } = await identified(await simulate({ guilds: guilds.slice(1) }), { intents: 1 });
    const { members, channels } = (await client.event('GUILD_CREATE')).d as GatewayGuildCreateDispatchData;
    expect(members.map(({ user }) => user.id)).toEqual(['5', botId]);
    expect(channels).toEqual([{ id: '7', type: 2 }]);
  });

  test('of a guild that the bot joins later has the fields that are given, and a new id', async () => {
    const simulator = await simulate();
    const members = [simulator.member({ user: { username: 'Ada' }, nick: 'countess' }), simulator.member()];
    const guild = simulator.guild({ name: 'new', members });
    expect(guild).toMatchObject({ name: 'new', member_count: 2, roles: [{ id: guild.id }], owner_id: botId });
    expect(members[0]).toMatchObject({ nick: 'countess', user: { username: 'Ada', global_name: null } });
    expect(guild.id).not.toBe(simulator.guild().id);
  });
});

test('VOICE_STATE_UPDATE has the member of the bot', async () => {
  const { client } = await identified(await simulate({ guilds }));
  const [, { id = '' } = {}] = guilds;
  client.send(4, { guild_id: id, channel_id: '7', self_mute: false, self_deaf: false });
  expect((await client.event('VOICE_STATE_UPDATE')).d).toMatchObject({
    user_id: botId,
    member: { user: { id: botId }, roles: [] },
  });
});
