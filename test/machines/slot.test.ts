import { describe, expect, test } from 'vitest';
import { session, shardIn, startShard } from './rig.js';

describe('the identify slot', () => {
  test('is asked for after HELLO, never before', () => {
    const shard = shardIn('Online.link.Connecting.awaitingHello');
    expect(shard.slotsAsked).toBe(0);
    expect(shard.hello().slotsAsked).toBe(1);
  });

  test('granted: one IDENTIFY leaves, and only then READY counts', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot').ready();
    expect(shard.state).toBe('Identifying');
    expect(shard.take()).toEqual([]);
    shard.tell({ type: 'slot.granted' });
    expect(shard.take()).toEqual(['identify']);
    expect(shard.ready().state).toBe('Connected');
    expect(shard.context.session).toEqual(session);
  });

  test('granted twice: IDENTIFY never leaves twice on a connection', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    shard.tell({ type: 'slot.granted' }, { type: 'slot.granted' }).ready().tell({ type: 'slot.granted' });
    expect(shard.take()).toEqual(['identify']);
  });

  test('run out: queues again after a pause, on the same connection and without an IDENTIFY', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot').tell({ type: 'slot.expired' });
    // Without the pause a limiter that always refuses would be asked in a loop that lets nothing else run.
    expect(shard.path).toBe('Online.link.session.Identifying.backingOff');
    shard.tick(2_000);
    expect(shard).toMatchObject({ slotsAsked: 2, slotsHeld: 1, path: 'Online.link.session.Identifying.awaitingSlot' });
    expect(shard.take()).toEqual([]);
  });

  test('failed: never identifies, backs off and asks again with the connection kept', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    shard.tell({ type: 'slot.failed', reason: 'redis is down' });
    expect(shard.decision).toMatchObject({ code: null, reason: 'identify limiter failed: redis is down' });
    expect(shard).toMatchObject({ slotsAsked: 1, slotsHeld: 0, state: 'Identifying' });
    shard.tick(999);
    expect(shard.slotsAsked).toBe(1);
    shard.tick(1_001);
    expect(shard).toMatchObject({ slotsAsked: 2, slotsHeld: 1 });
    expect(shard.sockets).toHaveLength(1);
    expect(shard.take()).toEqual([]);
  });

  test('failing for ever: the back-off grows and stays within its bounds', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    const delays = Array.from({ length: 10 }, () => {
      shard.tell({ type: 'slot.failed', reason: 'down' });
      const { delay } = shard.decision ?? { delay: -1 };
      for (let waited = 0; waited < delay; waited += 500) shard.tick(500).acknowledge();
      return delay;
    });
    expect(shard.slotsAsked).toBe(11);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...delays)).toBeGreaterThan(8_000);
  });

  test.each([
    ['op 7', { type: 'gateway.reconnect' }],
    ['op 9', { type: 'gateway.invalidSession', resumable: false }],
    ['a lost socket', { type: 'socket.closed', code: 1006, reason: '', sequence: null, retryAfterMs: null }],
    ['close', { type: 'close', code: 1000, reason: '' }],
    ['shutdown', { type: 'shutdown', code: 1000, reason: '' }],
    ['abort', { type: 'abort', code: 4900, reason: '' }],
  ] as const)('%s: the place in the queue is given back at once', (_, event) => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot').tell(event);
    expect(shard.slotsHeld).toBe(0);
    shard.tell({ type: 'slot.granted' });
    expect(shard.take()).not.toContain('identify');
  });

  test('a grant that comes during the back-off after a failure is no grant', () => {
    const shard = shardIn('Online.link.session.Identifying.backingOff').tell({ type: 'slot.granted' });
    expect(shard.take()).toEqual([]);
  });

  test('a zombie is found out while a slot is awaited', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot');
    for (let waited = 0; waited < 100_000 && shard.decision === null; waited += 100) {
      shard.tick(100);
      if (shard.wire.at(-1) === 'settle') shard.tell({ type: 'socket.settled' });
    }
    expect(shard.decision?.reason).toContain('zombie');
    expect(shard.slotsHeld).toBe(0);
  });

  test('a resume asks for no slot', () => {
    const shard = shardIn('Online.link.session.Resuming.replaying').tell({ type: 'gateway.resumed', sequence: 8 });
    expect(shard).toMatchObject({ slotsAsked: 0, state: 'Connected' });
  });
});

describe('an actor that throws when it is started', () => {
  test('a limiter: the shard lives, keeps its connection and asks again after a back-off', () => {
    let broken = true;
    const shard = startShard({ slotThrows: () => broken });
    shard.tell({ type: 'connect', session: null }, { type: 'socket.opened' }).hello();
    expect(shard.path).toBe('Online.link.session.Identifying.backingOff');
    broken = false;
    shard.tick(2_000).tell({ type: 'slot.granted' });
    expect(shard.take()).toEqual(['open first', 'identify']);
  });

  test('a socket: the shard lives and opens another after a back-off', () => {
    let broken = true;
    const shard = startShard({ session, socketThrows: () => broken }).tell({ type: 'connect', session: null });
    expect(shard.state).toBe('Disconnected');
    expect(shard.decision).toMatchObject({ action: 'resume', code: 1006, reason: 'socket actor failed' });
    broken = false;
    shard.tick(1_000);
    expect(shard.take()).toEqual(['open wss://resume.example']);
  });

  test('a socket for ever: tries with a growing back-off and never loops', () => {
    const shard = startShard({ socketThrows: () => true }).tell({ type: 'connect', session: null });
    shard.tick(600_000);
    expect(shard.state).toBe('Disconnected');
    expect(shard.context.attempts).toBeGreaterThan(8);
    expect(shard.context.attempts).toBeLessThan(60);
  });
});
