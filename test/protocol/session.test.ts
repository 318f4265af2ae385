import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanceSession, isSession, type Session } from '../../src/protocol/session.js';
import { gatewayUrl } from '../../src/protocol/url.js';

const session: Session = { id: 'session-1', sequence: 5, resumeUrl: 'wss://resume.example' };

const asked = (url: string) => Object.fromEntries(new URL(url).searchParams);

describe('the sequence of a session', () => {
  test('only grows, in whatever order the dispatches come', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (sequences) => {
        let now: Session | null = session;
        for (const sequence of sequences) {
          const next: Session | null = advanceSession(now, sequence);
          expect(next?.sequence).toBe(Math.max(now?.sequence ?? 0, sequence ?? 0));
          now = next;
        }
      }),
    );
  });

  test('belongs to a session: without one there is none', () => expect(advanceSession(null, 9)).toBeNull());

  test('the session it came from stays as it was', () => {
    advanceSession(session, 99);
    expect(session.sequence).toBe(5);
  });
});

describe('a session from a store or a user', () => {
  test('anything at all is judged without a throw, and what passes has all a RESUME needs', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (value) => {
        if (isSession(value)) expect(value.resumeUrl ?? 'wss:').toMatch(/^wss?:/);
      }),
    );
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'session-1'],
    ['an array', []],
    ['no id', { ...session, id: '' }],
    ['an id that is a number', { ...session, id: 1 }],
    ['a sequence that is text', { ...session, sequence: '5' }],
    ['a negative sequence', { ...session, sequence: -1 }],
    ['a fraction of a sequence', { ...session, sequence: 1.5 }],
    ['NaN', { ...session, sequence: Number.NaN }],
    ['a resume URL over http', { ...session, resumeUrl: 'https://resume.example' }],
    ['no resume URL', { ...session, resumeUrl: undefined }],
  ])('%s is none', (_, value) => expect(isSession(value)).toBe(false));

  test('sequence 0 is one', () => expect(isSession({ ...session, sequence: 0 })).toBe(true));
});

describe('a gateway URL', () => {
  const query = { version: 10, encoding: 'json', compress: 'zlib-stream' } as const;

  test('asks for version, encoding and compression', () => {
    expect(gatewayUrl('wss://gateway.example', query)).toBe(
      'wss://gateway.example/?v=10&encoding=json&compress=zlib-stream',
    );
  });

  test('asks for no compression where there is none, even if the URL did', () => {
    const url = gatewayUrl('wss://gateway.example/?compress=zlib-stream', { ...query, compress: null });
    expect(asked(url)).toEqual({ v: '10', encoding: 'json' });
  });

  test('a resume URL asks for the same as the first, and nothing twice', () => {
    const url = gatewayUrl(gatewayUrl('wss://resume.example/path?v=6&keep=1', query), query);
    expect(asked(url)).toEqual({ keep: '1', v: '10', encoding: 'json', compress: 'zlib-stream' });
    expect(new URL(url).pathname).toBe('/path');
  });

  test.each(['', 'gateway.example', 'wss://'])('%j is no URL: a TypeError, which the socket actor reports', (base) => {
    expect(() => gatewayUrl(base, query)).toThrow(TypeError);
  });
});
