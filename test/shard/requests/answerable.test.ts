import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestGuildMembers, requestGuildMembersIterator } from '../../../src/shard/requests/guildMembers.js';
import { everyone, start, turn, type Rig } from './rig.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ask = (rig: Rig, more: object = {}, options = {}) =>
  requestGuildMembers(rig.requests, { ...everyone, ...more } as never, options);

describe('a request that the gateway would not answer', () => {
  test.each([
    ['everyone, without the intent GuildMembers', everyone, 1 << 8, /GuildMembers \(1 << 1\)/],
    ['ten of everyone, without the intent GuildMembers', { ...everyone, limit: 10 }, 1 << 8, /GuildMembers/],
    [
      'presences, without the intent GuildPresences',
      { guild_id: '1', user_ids: ['1'], presences: true },
      1 << 1,
      /GuildPresences \(1 << 8\)/,
    ],
  ])('%s: rejects at once and names the intent', async (_, request, intents, named) => {
    const rig = start({ intents });
    const expected = { code: 'INVALID_PAYLOAD', message: expect.stringMatching(named), value: request };
    await expect(requestGuildMembers(rig.requests, request)).rejects.toMatchObject(expected);
    expect(rig.sent).toEqual([]);
  });

  test.each([
    ['a prefix', { guild_id: '1', query: 'a', limit: 100 }],
    ['user ids', { guild_id: '1', user_ids: ['1'] }],
  ])('%s needs no intent', async (_, request) => {
    const rig = start({ intents: 0 });
    const outcome = requestGuildMembers(rig.requests, request);
    await turn();
    rig.chunk(0, 1);
    expect((await outcome).members).toHaveLength(1);
  });
});

describe('all members of a guild, asked for again', () => {
  test('while the first request is under way: one payload leaves, and both get every chunk', async () => {
    const rig = start();
    const first = ask(rig);
    await turn();
    rig.chunk(0, 2);
    const second = ask(rig);
    const third = ask(rig);
    rig.chunk(1, 2);
    const answers = await Promise.all([first, second, third]);
    expect(answers.map(({ members }) => members.length)).toEqual([2, 2, 2]);
    expect(rig.sent).toHaveLength(1);
    expect(rig.listened()).toEqual([]);
  });

  test('and given up by one of two: the other gets the answer; given up by both: nothing listens', async () => {
    const rig = start();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = ask(rig, {}, { signal: one.signal });
    const second = ask(rig, {}, { signal: two.signal });
    await turn();
    one.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    rig.chunk(0, 1);
    expect((await second).members).toHaveLength(1);
    const third = ask(rig, { query: 'a' }, { signal: two.signal });
    await turn();
    two.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    expect(rig.listened()).toEqual([]);
  });

  test('after the answer: leaves 30 s after the first, not before', async () => {
    const rig = start();
    const first = ask(rig);
    await turn();
    rig.chunk(0, 1);
    await first;
    await vi.advanceTimersByTimeAsync(10_000);
    const second = ask(rig);
    await vi.advanceTimersByTimeAsync(19_900);
    expect(rig.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(rig.sent).toHaveLength(2);
    rig.chunk(0, 1);
    expect((await second).members).toHaveLength(1);
  });

  test('with presences while one without is under way: waits its 30 s; another guild, a prefix and ids do not', async () => {
    const rig = start();
    const requests = [
      {},
      { presences: true },
      { guild_id: '2' },
      { query: 'a' },
      { query: undefined, limit: undefined, user_ids: ['1'] },
    ];
    const outcomes = requests.map((more) => ask(rig, more, { timeout: 60_000 }).catch(() => {}));
    await turn();
    expect(rig.sent).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(30_100);
    expect(rig.sent).toHaveLength(5);
    rig.requests.rejectAll(new Error('down'));
    await Promise.all(outcomes);
  });

  test('while it waits for its turn and the shard goes down: rejects at once and never leaves', async () => {
    const rig = start();
    const first = ask(rig);
    await turn();
    rig.chunk(0, 1);
    await first;
    const second = ask(rig).catch((error: unknown) => error);
    const down = new Error('down');
    expect(rig.requests.rejectAll(down)).toEqual([8]);
    expect(await second).toBe(down);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rig.sent).toHaveLength(1);
  });

  test('within 30 s of a shard that is down: rejects at once, and does not wait for its turn', async () => {
    let refusal: Error | null = null;
    const rig = start({ refusal: () => refusal });
    const first = ask(rig);
    await turn();
    rig.chunk(0, 1);
    await first;
    refusal = new Error('refused for good');
    const second = ask(rig).catch((error: unknown) => error);
    await turn();
    expect(await Promise.race([second, 'waits'])).toBe(refusal);
    expect(rig.sent).toHaveLength(1);
  });

  test('by a loop, after its first chunk: is not joined, so that a loop keeps no members', async () => {
    const rig = start();
    const chunks = requestGuildMembersIterator(rig.requests, everyone);
    const first = chunks.next();
    const joined = ask(rig);
    await turn();
    rig.chunk(0, 2);
    await first;
    const late = ask(rig);
    rig.chunk(1, 2);
    expect((await joined).members).toHaveLength(2);
    await chunks.return();
    expect(rig.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(30_100);
    expect(rig.sent).toHaveLength(2);
    rig.chunk(0, 1);
    expect((await late).members).toHaveLength(1);
  });

  test('that was not sent, because the queue was full, does not hold up the next one', async () => {
    let fails = true;
    const rig = start({ send: async () => (fails ? Promise.reject(new Error('full')) : undefined) });
    await expect(ask(rig)).rejects.toThrow('full');
    fails = false;
    const second = ask(rig);
    await turn();
    rig.chunk(0, 1);
    expect((await second).members).toHaveLength(1);
  });
});
