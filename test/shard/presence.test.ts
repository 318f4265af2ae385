import { describe, expect, test } from 'vitest';
import { checkPresence } from '../../src/shard/presence.js';

const check = (presence: unknown) => checkPresence(presence as never);

describe('a presence', () => {
  const online = { status: 'online', activities: [{ name: 'chess', type: 0 }], since: null, afk: false };

  test('passes as it is', () => expect(check(online)).toEqual(online));

  test('fields that are left out are filled in as the gateway wants them', () => {
    expect(check({ status: 'idle' })).toEqual({ status: 'idle', activities: [], since: null, afk: false });
  });

  test('a custom status without a name gets one, and a name that was given stays', () => {
    const activities = [{ type: 4, state: 'thinking' }];
    expect(check({ status: 'online', activities }).activities).toEqual([
      { type: 4, state: 'thinking', name: 'Custom Status' },
    ]);
    const named = [{ type: 4, state: 'thinking', name: 'mine' }];
    expect(check({ status: 'online', activities: named }).activities).toEqual(named);
  });

  test('a name of 128 characters passes, also of such that take two units of UTF-16', () => {
    const activities = [{ name: '🙂'.repeat(128), type: 0 }];
    expect(check({ ...online, activities }).activities).toEqual(activities);
  });

  test.each(['online', 'dnd', 'idle', 'invisible', 'offline'])('status %s is one', (status) => {
    expect(check({ status })).toMatchObject({ status });
  });

  test.each<[string, unknown]>([
    ['no presence', undefined],
    ['null', null],
    ['no status', {}],
    ['an unknown status', { status: 'busy' }],
    ['activities that are no array', { ...online, activities: {} }],
    ['null for activities', { ...online, activities: null }],
    ['an activity without a name', { ...online, activities: [{ type: 0 }] }],
    ['an activity without a type', { ...online, activities: [{ name: 'chess' }] }],
    ['null for an activity', { ...online, activities: [null] }],
    ['an activity with a name of 129 characters', { ...online, activities: [{ name: 'x'.repeat(129), type: 0 }] }],
    ['a custom status without a state', { ...online, activities: [{ type: 4 }] }],
    ['a fraction for since', { ...online, since: 1.5 }],
    ['text for since', { ...online, since: 'yesterday' }],
    ['NaN for since', { ...online, since: Number.NaN }],
    ['text for afk', { ...online, afk: 'no' }],
  ])('%s would cost the connection (4002): refused', (_, presence) => {
    expect(() => check(presence)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }));
  });
});
