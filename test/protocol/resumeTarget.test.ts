import { describe, expect, test } from 'vitest';
import { targetOf } from '../../src/protocol/resumeTarget.js';

const session = { id: 'session-1', sequence: 5, resumeUrl: 'wss://resume.example' };
const turns = (resumeAttempts: number, some = session as Parameters<typeof targetOf>[0]['session']) =>
  Array.from({ length: 7 }, (_, resumeTries) => targetOf({ session: some, resumeTries, resumeAttempts }));

describe('the URL of the next connection', () => {
  test('with resumeAttempts 3: three times the resume URL, then both in turn', () => {
    const [r, f] = ['resumeUrl', 'firstUrl'];
    expect(turns(3)).toEqual([r, r, r, f, r, f, r]);
    expect(turns(1)).toEqual([r, f, r, f, r, f, r]);
    expect(turns(0)).toEqual([f, r, f, r, f, r, f]);
  });

  test.each([
    ['without a session', null],
    ['with a session that has no resume URL', { ...session, resumeUrl: null }],
  ])('%s: always the first URL', (_, some) => {
    expect(new Set(turns(3, some))).toEqual(new Set(['firstUrl']));
  });
});
