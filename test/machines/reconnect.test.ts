import { describe, expect, test } from 'vitest';
import { backoff, session, shardIn, startShard, type Harness, type StatePath } from './rig.js';

const waitForNext = (shard: Harness): Harness => {
  for (let waited = 0; waited < 120_000 && shard.state === 'Disconnected'; waited += 100) shard.tick(100);
  return shard;
};

const live = (shard: Harness): Harness => shard.tell({ type: 'socket.opened' }).hello();

const failed = (shard: Harness): Harness => waitForNext(shard.closed(1006));
const opens = (shard: Harness): string[] => shard.take().filter((line) => line.startsWith('open'));

describe('op 7', () => {
  test('closes with a resumable code and resumes at once', () => {
    const shard = shardIn('Online.link.session.Connected.stable').tell({ type: 'gateway.reconnect' });
    expect(shard.take()).toEqual(['close 4900']);
    shard.closed(4900).tick(1);
    expect(shard.take()).toEqual(['drop', 'open wss://resume.example']);
  });

  test.each([
    ['Online.link.Connecting.awaitingHello', 'identify'],
    ['Online.link.session.Identifying.awaitingSlot', 'identify'],
    ['Online.link.session.Identifying.awaitingReady.prompt', 'identify'],
    ['Online.link.session.Resuming.replaying', 'resume'],
  ] as const)('in %s: closes and comes back to %s', (path, action) => {
    const shard = shardIn(path).tell({ type: 'gateway.reconnect' });
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.decision?.action).toBe(action);
  });

  test('twice: the connection is closed once', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.tell({ type: 'gateway.reconnect' }, { type: 'gateway.reconnect' });
    expect(shard.take()).toEqual(['close 4900']);
  });

  test('a sequence that the socket had read before the close counts: the resume continues from there', () => {
    const shard = shardIn('Online.link.session.Connected.stable').tell({ type: 'gateway.reconnect' });
    shard.tell({ type: 'socket.closing', sequence: 55 }).closed(4900).tick(1);
    expect(live(shard).take()).toContain('resume session-1@55');
  });
});

describe('op 9', () => {
  const inSession = [
    'Online.link.session.Identifying.awaitingSlot',
    'Online.link.session.Identifying.awaitingReady.prompt',
    'Online.link.session.Resuming.replaying',
    'Online.link.session.Connected.stabilizing.unacknowledged',
    'Online.link.session.Connected.stable',
  ] as const satisfies StatePath[];

  test.each(inSession)('false in %s: a new connection to the first URL after 1 to 5 s, and an identify', (path) => {
    const shard = shardIn(path).tell({ type: 'gateway.invalidSession', resumable: false });
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.context.session).toBeNull();
    expect(shard.decision?.action).toBe('identify');
    expect(shard.decision?.delay).toBeGreaterThanOrEqual(1_000);
    expect(shard.decision?.delay).toBeLessThanOrEqual(5_000);
    shard.closed(4900).tick(999);
    expect(shard.state).toBe('Disconnected');
    live(shard.tick(4_001)).tell({ type: 'slot.granted' });
    expect(shard.take()).toEqual(['drop', 'open first', 'identify']);
  });

  test.each(inSession.slice(2))('true in %s: a new connection that resumes', (path) => {
    const shard = shardIn(path).tell({ type: 'gateway.invalidSession', resumable: true });
    expect(shard.take()).toEqual(['close 4900']);
    live(waitForNext(shard.closed(4900)));
    expect(shard.take()).toEqual(['drop', 'open wss://resume.example', 'resume session-1@7']);
  });

  test('true without a session: identifies', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingReady.prompt');
    shard.tell({ type: 'gateway.invalidSession', resumable: true });
    expect(shard.decision?.action).toBe('identify');
  });
});

describe('the attempt count', () => {
  test('is not cleared by READY: a gateway that accepts and drops at once meets a growing back-off', () => {
    const shard = startShard().tell({ type: 'connect', session: null });
    const ceilings = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    ceilings.forEach((ceiling, index) => {
      live(shard);
      if (shard.state === 'Identifying') shard.tell({ type: 'slot.granted' }).ready();
      else shard.tell({ type: 'gateway.resumed', sequence: 8 });
      expect(shard.state).toBe('Connected');
      shard.closed(4000);
      expect(shard.decision?.attempt).toBe(index + 2);
      expect(shard.decision?.delay).toBeLessThanOrEqual(ceiling);
      if (index > 0) expect(shard.decision?.delay).toBeGreaterThanOrEqual(1_000);
      waitForNext(shard);
    });
    expect(shard.wire.filter((line) => line === 'identify')).toHaveLength(1);
  });

  test('is cleared by time and an acknowledged heartbeat once Connected, and the next reconnect is immediate', () => {
    const shard = shardIn('Online.link.session.Connected.stabilizing.unacknowledged');
    expect(shard.context.attempts).toBe(1);
    shard.acknowledge().tick(backoff.stableAfterMs).closed(1006);
    expect(shard.decision).toMatchObject({ attempt: 1, delay: 0 });
    shard.tick(1);
    expect(shard.take()).toEqual(['drop', 'open wss://resume.example']);
  });

  test('an ack before READY proves no stability', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot').acknowledge().tell({ type: 'slot.granted' });
    expect(shard.ready().context.attempts).toBe(1);
  });

  test('only the first reconnect is immediate', () => {
    const shard = shardIn('Online.link.session.Connected.stable').closed(1006).tick(1).closed(1006);
    expect(shard.decision?.attempt).toBe(2);
    waitForNext(shard).closed(1006);
    expect(shard.decision?.delay).toBeGreaterThanOrEqual(1_000);
  });

  test('Retry-After is waited out, even after a stable connection', () => {
    const shard = shardIn('Online.link.session.Connected.stable').closed(1006, { retryAfterMs: 30_000 });
    shard.take();
    shard.tick(29_999);
    expect(shard.take()).toEqual([]);
    shard.tick(1);
    expect(shard.take()).toEqual(['open wss://resume.example']);
  });
});

describe('a dead resume URL', () => {
  test('fails resumeAttempts times in a row: RESUME goes to the first URL, and the session lives on', () => {
    const shard = startShard({ session }).tell({ type: 'connect', session: null });
    for (const _ of [1, 2, 3]) failed(shard);
    expect(opens(shard)).toEqual([...Array.from({ length: 3 }, () => 'open wss://resume.example'), 'open first']);
    expect(shard.socket.input).toEqual({ resumeUrl: null, sequence: 7 });
    expect(live(shard).take()).toEqual(['resume session-1@7']);
    expect(shard.tell({ type: 'gateway.resumed', sequence: 9 }).state).toBe('Connected');
  });

  test('the decision says when RESUME goes to the first URL', () => {
    const shard = startShard({ session, resumeAttempts: 1 }).tell({ type: 'connect', session: null }).closed(1006);
    expect(shard.decision).toMatchObject({ action: 'resume', attempt: 2 });
    expect(shard.decision?.reason).toBe('1006 connection lost; RESUME goes to the first URL');
  });

  test('and a dead first URL take turns, for as long as the outage lasts', () => {
    const shard = startShard({ session }).tell({ type: 'connect', session: null });
    for (let connection = 1; connection <= 7; connection += 1) failed(shard);
    expect(opens(shard).map((line) => line.slice('open '.length))).toEqual([
      ...Array.from({ length: 3 }, () => 'wss://resume.example'),
      'first',
      'wss://resume.example',
      'first',
      'wss://resume.example',
      'first',
    ]);
    expect(shard.context.session).toEqual(session);
  });

  test('op 9 false in answer to RESUME at the first URL ends the session: the next connection identifies', () => {
    const shard = startShard({ session, resumeAttempts: 1 }).tell({ type: 'connect', session: null });
    live(failed(shard)).tell({ type: 'gateway.invalidSession', resumable: false });
    expect(shard.context.session).toBeNull();
    live(waitForNext(shard.closed(4900))).tell({ type: 'slot.granted' });
    expect(shard.take().slice(-2)).toEqual(['open first', 'identify']);
  });

  test('an outage costs no identify: the session resumes when it is over', () => {
    const shard = startShard({ session }).tell({ type: 'connect', session: null });
    for (const _ of [1, 2, 3, 4]) failed(shard);
    live(shard).tell({ type: 'gateway.resumed', sequence: 9 });
    expect(shard.state).toBe('Connected');
    expect(shard.wire).not.toContain('identify');
  });

  test('RESUMED gives the resume URL all its tries back', () => {
    const shard = startShard({ session }).tell({ type: 'connect', session: null });
    failed(failed(shard));
    live(shard).tell({ type: 'gateway.resumed', sequence: 9 });
    expect(shard.context.resumeTries).toBe(0);
  });

  test('resumeAttempts 0: RESUME goes to the first URL first', () => {
    const shard = startShard({ session, resumeAttempts: 0 }).tell({ type: 'connect', session: null });
    failed(shard);
    expect(opens(shard)).toEqual(['open first', 'open wss://resume.example']);
  });

  test('a session without a resume URL is resumed at the first URL, however often that fails', () => {
    const shard = startShard({ session: { ...session, resumeUrl: null } }).tell({ type: 'connect', session: null });
    for (const _ of [1, 2, 3, 4]) failed(shard);
    expect(opens(shard)).toEqual(Array.from({ length: 5 }, () => 'open first'));
    expect(live(shard).take()).toEqual(['resume session-1@7']);
  });

  test('50 replays in a row, each cut after one dispatch: all at the resume URL, in one session', () => {
    const shard = startShard({ session }).tell({ type: 'connect', session: null });
    for (let sequence = 8; sequence < 58; sequence += 1) {
      failed(live(shard).tell({ type: 'gateway.replayed', sequence }));
    }
    live(shard).tell({ type: 'gateway.resumed', sequence: 58 });
    expect(new Set(opens(shard))).toEqual(new Set(['open wss://resume.example']));
    expect(shard.wire).not.toContain('identify');
    expect(shard.context.session).toEqual({ ...session, sequence: 58 });
  });

  test.each([8, 600])('40 shards, both URLs refusing for %i s: 40 resumes, no identify', (seconds) => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const shard = startShard({ session, seed }).tell({ type: 'connect', session: null });
      while (shard.clock.now() < seconds * 1_000) {
        if (shard.state === 'Disconnected') shard.wait(seconds * 1_000 - shard.clock.now());
        else shard.closed(1006);
      }
      live(waitForNext(shard)).tell({ type: 'gateway.resumed', sequence: 9 });
      expect(shard.state).toBe('Connected');
      expect(shard.take().filter((line) => /^(resume|identify)/.test(line))).toEqual(['resume session-1@7']);
    }
  });
});

describe('a corrupted stream', () => {
  test('drops the connection and resumes', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.tell({ type: 'socket.corrupted', reason: 'incorrect data check' });
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.decision).toMatchObject({
      action: 'resume',
      reason: 'compressed stream corrupted: incorrect data check',
    });
    live(shard.closed(4900).tick(1));
    expect(shard.take()).toEqual(['drop', 'open wss://resume.example', 'resume session-1@7']);
  });
});

describe('resuming', () => {
  test('counts the replayed dispatches of each resume from 0', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    shard.tell({ type: 'gateway.replayed', sequence: 8 }, { type: 'gateway.replayed', sequence: 9 });
    shard.tell({ type: 'gateway.resumed', sequence: 10 });
    expect(shard.context).toMatchObject({ replayed: 2, session: { sequence: 10 } });
    live(shard.acknowledge().tick(backoff.stableAfterMs).closed(4000).tick(1));
    expect(shard.context.replayed).toBe(0);
  });

  test('an old frame among the replayed never lowers the sequence', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying');
    shard.tell({ type: 'gateway.replayed', sequence: 20 }, { type: 'gateway.replayed', sequence: 3 }).closed(4000);
    expect(shard.context.session?.sequence).toBe(20);
  });
});
