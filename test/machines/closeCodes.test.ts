import { describe, expect, test } from 'vitest';
import { shardIn, type Harness } from './rig.js';

const connected = (): Harness => shardIn('Online.link.session.Connected.stable');

/** What the next connection does: where it goes and how it logs in. */
function comesBack(shard: Harness): string[] {
  shard.take();
  for (let waited = 0; waited < 120_000 && shard.state === 'Disconnected'; waited += 100) shard.tick(100);
  shard.tell({ type: 'socket.opened' }).hello().tell({ type: 'slot.granted' });
  return shard.take();
}

const resumes = ['open wss://resume.example', 'resume session-1@7'];
const identifies = ['open first', 'identify'];

const resumable = [1000, 1001, 1002, 1006, 1011, 1012, 4000, 4001, 4002, 4005, 4006, 4008, 4015, 4242, 4999];

describe('a close code of the gateway', () => {
  test.each(resumable)('%d: resumes the session', (code) => {
    const shard = connected().closed(code);
    expect(shard.state).toBe('Disconnected');
    expect(shard.decision).toMatchObject({ action: 'resume', code });
    expect(comesBack(shard)).toEqual(resumes);
  });

  test.each([4003, 4007, 4009])('%d: forgets the session and identifies at the first URL', (code) => {
    const shard = connected().closed(code);
    expect(shard.context.session).toBeNull();
    expect(shard.decision).toMatchObject({ action: 'identify', code });
    expect(comesBack(shard)).toEqual(identifies);
  });

  test.each([4004, 4010, 4011, 4012, 4013, 4014])('%d: fatal, there is no reconnect', (code) => {
    const shard = connected().closed(code);
    expect(shard.path).toBe('Offline.fatal');
    expect(shard.decision).toMatchObject({ action: 'fatal', code, delay: 0 });
    expect(shard.context.session).toBeNull();
    shard.tick(120_000);
    expect(shard.sockets).toHaveLength(1);
    expect(shard.path).toBe('Offline.fatal');
  });

  test.each(resumable)('%d without a session: identifies', (code) => {
    const shard = shardIn('Online.link.session.Identifying.awaitingReady.prompt').closed(code);
    expect(shard.decision).toMatchObject({ action: 'identify', code });
    expect(comesBack(shard)).toEqual(identifies);
  });

  test('the words of the close frame stand in the reason', () => {
    const shard = connected().closed(4000, { reason: 'try later' });
    expect(shard.decision?.reason).toBe('4000 unknown error: try later');
  });

  test('the sequence the socket had at its end is the one that is resumed from', () => {
    expect(comesBack(connected().closed(4000, { sequence: 99 }))).toEqual([resumes[0], 'resume session-1@99']);
  });

  test('an older sequence never lowers ours', () => {
    expect(comesBack(connected().closed(4000, { sequence: 3 }))).toEqual(resumes);
  });

  test('a fatal code while we close is fatal too', () => {
    expect(shardIn('Online.closing.reconnecting').closed(4014).path).toBe('Offline.fatal');
  });

  test('a fatal code while the user closes leaves the shard where the user wants it', () => {
    expect(shardIn('Online.closing.goingOffline').closed(4014).path).toBe('Offline.idle');
    expect(shardIn('Online.closing.stopping').closed(4014).path).toBe('Offline.stopped');
  });

  test.each([4004, 4013])('%d in answer to IDENTIFY is fatal', (code) => {
    expect(shardIn('Online.link.session.Identifying.awaitingReady.prompt').closed(code).path).toBe('Offline.fatal');
  });
});

describe('autoReconnect off', () => {
  test.each([1006, 4000, 4009])('%d leaves the shard Offline', (code) => {
    const shard = shardIn('Online.link.session.Connected.stable', { autoReconnect: false }).closed(code);
    expect(shard.path).toBe('Offline.idle');
    expect(shard.decision).toMatchObject({ action: 'close', code });
    shard.tick(120_000);
    expect(shard.take()).toEqual(['drop']);
  });

  test('a zombie is closed and the shard is Offline once the peer has answered', () => {
    const shard = shardIn('Online.link.session.Connected.stable', { autoReconnect: false });
    shard.tell({ type: 'gateway.reconnect' });
    expect(shard.take()).toEqual(['close 4900']);
    expect(shard.closed(4900).path).toBe('Offline.idle');
  });

  test('the session is kept for the connect that comes', () => {
    const shard = shardIn('Online.link.session.Connected.stable', { autoReconnect: false }).closed(4000);
    shard.take();
    shard.tell({ type: 'connect', session: null });
    expect(shard.take()).toEqual(['open wss://resume.example']);
  });

  test('a fatal code is still fatal', () => {
    const shard = shardIn('Online.link.session.Connected.stable', { autoReconnect: false }).closed(4004);
    expect(shard.path).toBe('Offline.fatal');
  });

  test.each(['reconnect', 'reinstantiate'] as const)('a %s the user asks for is no lost connection', (type) => {
    const shard = shardIn('Online.link.session.Connected.stable', { autoReconnect: false });
    shard.tell({ type }).closed(4900).tick(1_000);
    expect(shard.state).toBe('Connecting');
  });

  test('a connect while the shard goes down brings it up again', () => {
    const shard = shardIn('Online.closing.goingOffline', { autoReconnect: false });
    shard.tell({ type: 'connect', session: null }).closed(1000).tick(1_000);
    expect(shard.state).toBe('Connecting');
  });

  test('a limiter that fails is not asked again without a pause', () => {
    const shard = shardIn('Online.link.session.Identifying.awaitingSlot', { autoReconnect: false });
    for (let round = 0; round < 100; round += 1) shard.tell({ type: 'slot.failed', reason: 'down' }).tick(10);
    expect(shard.slotsAsked).toBeLessThan(10);
  });
});
