import { describe, expect, test } from 'vitest';
import type { ShardCommand } from '../../machines/shard.types.js';
import { shardIn, statePaths, type StatePath } from './rig.js';

const commands = {
  connect: { type: 'connect', session: null },
  identify: { type: 'identify' },
  reconnect: { type: 'reconnect' },
  reinstantiate: { type: 'reinstantiate' },
  disconnect: { type: 'disconnect', code: 4901, reason: 'asked' },
  close: { type: 'close', code: 4902, reason: 'asked' },
  shutdown: { type: 'shutdown', code: 4903, reason: 'asked' },
  abort: { type: 'abort', code: 4904, reason: 'asked' },
} as const satisfies Record<string, ShardCommand>;

type Command = keyof typeof commands;

/** Where a command leads, and what it says on the wire; null where it is not for this state and changes nothing. */
type Row = Readonly<Record<Command, readonly [path: string, ...wire: string[]] | null>>;

const online: Row = {
  connect: null,
  // On the way to a new session already, or up.
  identify: null,
  reconnect: ['Online.closing.reconnecting', 'close 4900'],
  reinstantiate: ['Online.closing.reconnecting', 'close 4900'],
  disconnect: ['Online.closing.reconnecting', 'close 4901'],
  close: ['Online.closing.goingOffline', 'close 4902'],
  shutdown: ['Online.closing.stopping', 'close 4903'],
  abort: ['Online.closing.aborting', 'abort 4904'],
};

const nothing: Row = {
  connect: null,
  identify: null,
  reconnect: null,
  reinstantiate: null,
  disconnect: null,
  close: null,
  shutdown: null,
  abort: null,
};

/** The session store is asked, and no socket is open. */
const asking: Row = {
  ...nothing,
  identify: ['Online.link.Connecting.opening', 'open first'],
  reinstantiate: ['Online.link.Connecting.opening', 'open first'],
  close: ['Offline.idle'],
  shutdown: ['Offline.stopped'],
  abort: ['Offline.idle'],
};

const table: Readonly<Record<StatePath, Row>> = {
  'Offline.idle': {
    ...nothing,
    connect: ['Online.link.Connecting.opening', 'open first'],
    identify: ['Online.link.Connecting.opening', 'open first'],
    reconnect: ['Online.link.Connecting.opening', 'open first'],
    reinstantiate: ['Online.link.Connecting.opening', 'open first'],
    shutdown: ['Offline.stopped'],
  },
  'awaitingSession.optional': asking,
  'awaitingSession.required': {
    ...asking,
    connect: ['awaitingSession.optional'],
    reconnect: ['awaitingSession.optional'],
  },
  'Offline.fatal': { ...nothing, shutdown: ['Offline.stopped'] },
  'Offline.stopped': nothing,
  'Online.link.Connecting.opening': online,
  'Online.link.Connecting.awaitingHello': online,
  'Online.link.session.Identifying.awaitingSlot': online,
  'Online.link.session.Identifying.backingOff': online,
  'Online.link.session.Identifying.awaitingReady.prompt': online,
  'Online.link.session.Identifying.awaitingReady.alive': online,
  'Online.link.session.Resuming.replaying': { ...online, identify: ['Online.closing.reconnecting', 'close 4900'] },
  'Online.link.session.Connected.stabilizing.unacknowledged': online,
  'Online.link.session.Connected.stabilizing.acknowledged': online,
  'Online.link.session.Connected.lasting': online,
  'Online.link.session.Connected.stable': online,
  'Online.link.session.Connected.quiet': online,
  'Online.closing.reconnecting': {
    ...nothing,
    close: ['Online.closing.goingOffline', 'close 4902'],
    shutdown: ['Online.closing.stopping', 'close 4903'],
    abort: ['Online.closing.aborting', 'abort 4904'],
  },
  'Online.closing.goingOffline': {
    ...nothing,
    connect: ['Online.closing.reconnecting', 'close 4900'],
    identify: ['Online.closing.reconnecting', 'close 4900'],
    shutdown: ['Online.closing.stopping', 'close 4903'],
    abort: ['Online.closing.aborting', 'abort 4904'],
  },
  'Online.closing.stopping': { ...nothing, abort: ['Online.closing.stopping', 'abort 4904'] },
  'Online.closing.aborting': {
    ...nothing,
    // The session's fate was told with the abort: its close code is the one that counts.
    shutdown: ['Online.closing.stopping', 'close 4900'],
    abort: ['Online.closing.aborting', 'abort 4904'],
  },
  Disconnected: {
    ...nothing,
    reinstantiate: ['Disconnected'],
    close: ['Offline.idle'],
    shutdown: ['Offline.stopped'],
    abort: ['Offline.idle'],
  },
};

const names = Object.keys(commands) as Command[];

describe.each(statePaths)('in %s', (path) => {
  test.each(names)('%s', (name) => {
    const shard = shardIn(path).tell(commands[name]);
    const [next, ...wire] = table[path][name] ?? [path];
    expect({ path: shard.path, wire: shard.take() }).toEqual({ path: next, wire });
  });
});

describe('the session', () => {
  test.each(['close', 'shutdown', 'disconnect', 'abort'] as const)('%s with 1000 or 1001 ends it', (type) => {
    for (const code of [1000, 1001]) {
      const shard = shardIn('Online.link.session.Connected.stable').tell({ type, code, reason: '' });
      expect(shard.context.session).toBeNull();
    }
  });

  test.each(['close', 'shutdown', 'disconnect', 'abort'] as const)('%s with any other code keeps it', (type) => {
    const shard = shardIn('Online.link.session.Connected.stable').tell({ type, code: 4000, reason: '' });
    expect(shard.context.session).not.toBeNull();
  });

  test('close with 1000 while Offline or backing off ends it too', () => {
    expect(shardIn('Disconnected').close(1000).context.session).toBeNull();
    expect(shardIn('Disconnected').close(4900).close(1000).context.session).toBeNull();
  });

  test('connect resumes the session it is given, but the one it has is newer', () => {
    const stored = { id: 'stored', sequence: 3, resumeUrl: 'wss://stored.example' };
    const fresh = shardIn('Offline.idle').tell({ type: 'connect', session: stored });
    expect(fresh.take()).toEqual(['open wss://stored.example']);
    const kept = shardIn('Disconnected').close(4900).tell({ type: 'connect', session: stored });
    expect(kept.take().at(-1)).toBe('open wss://resume.example');
  });

  test.each(['Online.link.session.Connected.stable', 'Online.closing.reconnecting', 'Disconnected'] as const)(
    'reinstantiate in %s: identifies at the first URL next',
    (path) => {
      const shard = shardIn(path).tell({ type: 'reinstantiate' });
      expect(shard.context.session).toBeNull();
      expect(shard.decision?.action).toBe('identify');
      if (path !== 'Disconnected') shard.closed(4900);
      for (let waited = 0; waited < 6_000 && shard.state === 'Disconnected'; waited += 100) shard.tick(100);
      expect(shard.take().at(-1)).toBe('open first');
    },
  );
});

describe('reinstantiate while the shard waits out its back-off', () => {
  test('does not shorten the wait, not even that of a Retry-After', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.tell({ type: 'socket.closed', code: 1006, reason: 'HTTP 429', sequence: 7, retryAfterMs: 30_000 });
    shard.tick(20_000).tell({ type: 'reinstantiate' }).tick(9_000);
    expect(shard.state).toBe('Disconnected');
    shard.tick(1_000);
    expect(shard.take().at(-1)).toBe('open first');
  });
});

test.each([4003, 4007, 4009])('a %i that crosses our own close forgets the session', (code) => {
  const shard = shardIn('Online.closing.reconnecting').closed(code);
  expect(shard.context.session).toBeNull();
  expect(shard.decision?.action).toBe('identify');
});

test('identify on the way to a resume drops the session, and the way', () => {
  const shard = shardIn('Online.link.session.Connected.stable').closed(1006).tick(1);
  expect(shard.path).toBe('Online.link.Connecting.opening');
  shard.take();
  shard.tell({ type: 'identify' }).closed(1006);
  for (let waited = 0; waited < 6_000 && shard.state === 'Disconnected'; waited += 100) shard.tick(100);
  expect(shard.take().at(-1)).toBe('open first');
  expect(shard.context.session).toBeNull();
});

describe('double trouble', () => {
  test('a close during connecting closes the socket, and what it still reports opens nothing', () => {
    const shard = shardIn('Online.link.Connecting.opening').close();
    expect(shard.take()).toEqual(['close 1000']);
    shard.tell({ type: 'socket.opened' }).hello().closed(1006).tick(60_000);
    expect(shard.path).toBe('Offline.idle');
    expect(shard.take()).toEqual(['drop']);
  });

  test('two drops at once open one socket', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.tell(commands.disconnect, commands.disconnect).closed(4901).closed(1006).tick(5_000);
    expect(shard.sockets).toHaveLength(2);
  });

  test('a drop, a reconnect and a zombie at once open one socket', () => {
    const shard = shardIn('Online.link.session.Connected.stable');
    shard.tell({ type: 'gateway.reconnect' }, { type: 'reconnect' }, commands.disconnect, {
      type: 'connect',
      session: null,
    });
    shard.closed(4900).tick(5_000);
    expect(shard.sockets).toHaveLength(2);
  });

  test('connect while it closes comes back, with one connection', () => {
    const shard = shardIn('Online.closing.goingOffline').tell({ type: 'connect', session: null }).closed(1000);
    shard.tick(5_000);
    expect(shard.state).toBe('Connecting');
    expect(shard.sockets).toHaveLength(2);
  });

  test('close in the middle of a reconnect stays down', () => {
    const shard = shardIn('Online.closing.reconnecting').close().closed(1000).tick(120_000);
    expect(shard.path).toBe('Offline.idle');
    expect(shard.sockets).toHaveLength(1);
  });
});
