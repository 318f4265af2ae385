import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { causes, closedByGateway, decide, type Cause, type DecisionFacts } from '../../src/protocol/decision.js';

const session = { id: 'session-1', sequence: 5, resumeUrl: 'wss://resume.example' };
const facts: DecisionFacts = {
  session,
  autoReconnect: true,
  backoff: { initialMs: 1_000, maxMs: 60_000 },
  attempts: 0,
  identifies: 0,
  resumeTries: 0,
  resumeAttempts: 3,
  seed: 1,
};
const decided = (some: Partial<DecisionFacts>, cause: Cause) => decide({ ...facts, ...some }, cause).lastDecision;
const all = Object.entries(causes) as [keyof typeof causes, Cause][];
const seeds = Array.from({ length: 20_000 }, (_, seed) => seed);

const goesOn = ({ action }: Cause) => action === 'resume' || action === 'identify';

describe('every cause', () => {
  test.each(all)('%s: leads to one action, with a reason', (_, cause) => {
    const { action, reason, code } = decided({}, cause);
    expect(action).toBe(cause.action);
    expect(reason).toBe(cause.reason);
    expect(code).toBe(cause.code);
  });

  test.each(all)('%s: never to a resume without a session', (_, cause) => {
    expect(decided({ session: null }, cause).action).toBe(goesOn(cause) ? 'identify' : cause.action);
  });

  test.each(all.filter(([, cause]) => cause.persists !== true && goesOn(cause)))(
    '%s: stays down with autoReconnect off',
    (_, cause) => {
      const { action, reason, delay } = decided({ autoReconnect: false, attempts: 5 }, cause);
      expect({ action, delay }).toEqual({ action: 'close', delay: 0 });
      expect(reason).toContain('autoReconnect is off');
    },
  );

  test('what the user asked for, or cost no connection, comes back even with autoReconnect off', () => {
    const persisting = all.filter(
      ([, cause]) => cause.action !== 'close' && decided({ autoReconnect: false }, cause).action !== 'close',
    );
    expect(persisting.map(([name]) => name)).toEqual([
      'slotFailed',
      'slotExpired',
      'bucketFailed',
      'connectRequested',
      'reconnectRequested',
      'reinstantiateRequested',
    ]);
  });

  test('a cause we act on ourselves closes with a code that keeps the session', () => {
    for (const [, { code }] of all) expect(code === null || code === 1006 || code === 4900).toBe(true);
  });

  test('fatal is fatal with autoReconnect off', () => {
    expect(
      decided({ autoReconnect: false }, closedByGateway({ code: 4004, reason: '', retryAfterMs: null })).action,
    ).toBe('fatal');
  });
});

describe('the delay', () => {
  test('is none after a stable connection', () =>
    expect(decided({}, causes.zombie)).toMatchObject({ delay: 0, attempt: 1 }));

  test('is a number a timer takes, for any facts', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.nat(2 ** 32 - 1),
        fc.constantFrom(...all.map(([, cause]) => cause)),
        fc.option(fc.double()),
        (attempts, seed, cause, minDelayMs) => {
          const { delay } = decided({ attempts, seed }, { ...cause, ...(minDelayMs !== null && { minDelayMs }) });
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(2_147_483_647);
        },
      ),
    );
  });

  test('the seed moves on: two decisions in a row draw another jitter', () => {
    const first = decide({ ...facts, attempts: 4 }, causes.zombie);
    const second = decide({ ...facts, attempts: 4, seed: first.seed }, causes.zombie);
    expect(second.lastDecision.delay).not.toBe(first.lastDecision.delay);
  });

  test('op 9 false: 1 to 5 s, all of it', () => {
    const delays = seeds.slice(0, 2_000).map((seed) => decided({ seed, session: null }, causes.invalidSession).delay);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
    expect(Math.min(...delays)).toBeLessThan(1_100);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5_000);
    expect(Math.max(...delays)).toBeGreaterThan(4_900);
  });

  test('op 9 false after many failures: the back-off where it is longer', () => {
    const delays = seeds.slice(0, 200).map((seed) => decided({ seed, attempts: 10 }, causes.invalidSession).delay);
    expect(Math.max(...delays)).toBeGreaterThan(5_000);
  });

  test('Retry-After is a lower bound, not the delay itself', () => {
    expect(decided({}, closedByGateway({ code: 1006, reason: '', retryAfterMs: 30_000 })).delay).toBe(30_000);
    const longer = seeds
      .slice(0, 200)
      .map(
        (seed) =>
          decided({ seed, attempts: 20 }, closedByGateway({ code: 1006, reason: '', retryAfterMs: 1_500 })).delay,
      );
    expect(Math.max(...longer)).toBeGreaterThan(1_500);
    expect(Math.min(...longer)).toBeGreaterThanOrEqual(1_500);
  });

  test('4008 never leads to an immediate connection, however stable this one was', () => {
    const delays = seeds.map(
      (seed) => decided({ seed }, closedByGateway({ code: 4008, reason: '', retryAfterMs: null })).delay,
    );
    expect(Math.min(...delays)).toBeGreaterThan(0);
  });

  test('a session that is lost again and again costs no more identifies than a day has', () => {
    const delays = seeds.map((seed) => decided({ seed, identifies: 10, session: null }, causes.invalidSession).delay);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(60_000);
    const perDay = 86_400_000 / (delays.reduce((sum, delay) => sum + delay, 0) / delays.length);
    expect(perDay + 10).toBeLessThan(1_000);
    expect(decided({ identifies: 9, session: null }, causes.invalidSession).delay).toBeLessThan(60_000);
  });

  test('a resume is not slowed down by what identifies have been spent', () => {
    expect(decided({ identifies: 50, attempts: 0 }, causes.zombie)).toMatchObject({ action: 'resume', delay: 0 });
  });

  test('a failing identify limiter is never asked again at once', () => {
    const delays = seeds.map((seed) => decided({ seed, attempts: 1 }, causes.slotFailed).delay);
    expect(Math.min(...delays)).toBeGreaterThan(0);
  });
});

describe('resuming', () => {
  test.each([0, 1, 2, 3, 4, 50])(
    'after %i tries: still resumes, for not reaching a session does not end it',
    (resumeTries) => {
      expect(decided({ resumeTries }, causes.helloTimeout).action).toBe('resume');
    },
  );

  test('at the first URL: the reason says so', () => {
    expect(decided({ resumeTries: 2 }, causes.helloTimeout).reason).toBe('no HELLO in time');
    expect(decided({ resumeTries: 3 }, causes.helloTimeout).reason).toBe(
      'no HELLO in time; RESUME goes to the first URL',
    );
  });

  test('a connection that never opened is no connection, with the network’s error; its code stays 1006', () => {
    const end = { code: 1006, reason: 'connect ECONNREFUSED 127.0.0.1:9', retryAfterMs: null };
    const { code, reason } = closedByGateway({ ...end, opened: false });
    expect([code, reason]).toEqual([1006, 'no connection: connect ECONNREFUSED 127.0.0.1:9']);
    expect(closedByGateway(end).reason).toBe('1006 connection lost: connect ECONNREFUSED 127.0.0.1:9');
  });

  test('the words of a close frame stand in the reason, and none where there were none', () => {
    expect(closedByGateway({ code: 4000, reason: '', retryAfterMs: null }).reason).toBe('4000 unknown error');
    expect(closedByGateway({ code: 4000, reason: 'oops', retryAfterMs: null }).reason).toBe('4000 unknown error: oops');
  });
});
