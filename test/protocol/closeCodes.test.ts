import { describe, expect, test } from 'vitest';
import { closeCodeRow, closeCodes, endsSession, RESUMABLE_CLOSE } from '../../src/protocol/closeCodes.js';

/** Discord's table and what we decide on each code, row by row. */
const documented = [
  [1000, 'normal closure', 'resume'],
  [1001, 'going away', 'resume'],
  [1006, 'connection lost', 'resume'],
  [4000, 'unknown error', 'resume'],
  [4001, 'unknown opcode', 'resume'],
  [4002, 'decode error', 'resume'],
  [4003, 'not authenticated', 'identify'],
  [4004, 'authentication failed', 'fatal'],
  [4005, 'already authenticated', 'resume'],
  [4007, 'invalid seq', 'identify'],
  [4008, 'rate limited', 'resume'],
  [4009, 'session timed out', 'identify'],
  [4010, 'invalid shard', 'fatal'],
  [4011, 'sharding required', 'fatal'],
  [4012, 'invalid API version', 'fatal'],
  [4013, 'invalid intents', 'fatal'],
  [4014, 'disallowed intents', 'fatal'],
] as const;

describe('the close-code table', () => {
  test.each(documented)('%d %s: %s', (code, name, action) => {
    expect(closeCodeRow(code)).toMatchObject({ name, action });
  });

  test('has no row beyond the documented', () => {
    expect(Object.keys(closeCodes).map(Number)).toEqual(documented.map(([code]) => code));
  });

  test('decides every code from 1000 to 4999, and an unknown one resumes', () => {
    const known = new Set<number>(documented.map(([code]) => code));
    for (let code = 1_000; code < 5_000; code += 1) {
      const { action } = closeCodeRow(code);
      expect(['resume', 'identify', 'fatal']).toContain(action);
      if (!known.has(code)) expect(action).toBe('resume');
    }
  });

  test.each([Number.NaN, -1, 0, 1e9, 4004.5])('%d is no code, and resumes', (code) => {
    expect(closeCodeRow(code).action).toBe('resume');
  });

  test.each(documented.filter(([, , action]) => action === 'fatal'))('%d %s: says what to do about it', (code) => {
    expect(closeCodeRow(code).advice?.length).toBeGreaterThan(40);
  });

  test('only 4008 always waits', () => {
    const waiting = Object.entries(closeCodes).filter(([, row]) => row.backoff === true);
    expect(waiting.map(([code]) => code)).toEqual(['4008']);
  });

  test('our close with 1000 or 1001 ends the session, with any other code it does not', () => {
    expect([1000, 1001].every(endsSession)).toBe(true);
    expect([1006, 3000, 4000, 4999, RESUMABLE_CLOSE].some(endsSession)).toBe(false);
  });
});
