import { describe, expect, test } from 'vitest';
import { checkPresence } from '../../src/shard/presence.js';

const check = (presence: unknown) => checkPresence(presence as never);

describe('a presence', () => {
  const online = { status: 'online', activities: [{ name: 'chess', type: 0 }], since: null, afk: false };

  test('passes as it is', () => expect(check(online)).toEqual(online));

  test('what is left out is filled in as the gateway wants it', () => {
    expect(check({ status: 'idle' })).toEqual({ status: 'idle', activities: [], since: null, afk: false });
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
    ['text for since', { ...online, since: 'yesterday' }],
    ['NaN for since', { ...online, since: Number.NaN }],
    ['text for afk', { ...online, afk: 'no' }],
  ])('%s would cost the connection (4002): refused', (_, presence) => {
    expect(() => check(presence)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }));
  });
});
