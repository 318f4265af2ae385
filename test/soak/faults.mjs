import { subscribe } from 'node:diagnostics_channel';

/** Close codes of the gateway after which the session goes on. */
const RESUMABLE_CODES = [1000, 1001, 1011, 4000, 4001, 4002, 4005, 4008, 4900];

/** Faults that wait for their occasion; more would pile up while every shard is down. */
const MOST_WAITING = 6;

/** Server's end of every TCP connection of this process, open ones only. */
function openSockets() {
  const open = new Set();
  subscribe('net.server.socket', ({ socket }) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}

/** Lets the next write of a socket be its last, and only half of it leave. */
function cutNextWrite(socket, isCut) {
  const write = socket.write.bind(socket);
  socket.write = (data, ...rest) => {
    const bytes = Buffer.from(data);
    if (bytes.length < 2) return write(data, ...rest);
    delete socket.write;
    isCut();
    write(bytes.subarray(0, bytes.length >> 1));
    socket.destroySoon();
    return false;
  };
}

/**
 * Faults after each of which a session can be resumed, by name. A fault strikes a random shard at once, or waits for its
 * occasion; its function returns how many it has struck.
 */
export function createFaults(simulator, random, shards) {
  const sockets = openSockets();
  const struck = {};
  let queued = [];
  let isResumeUrlDead = false;

  const count = (name, times = 1) => (struck[name] = (struck[name] ?? 0) + times);
  const shard = () => random.whole(0, shards - 1);
  /** Adds a fault that waits: it counts once it is no longer among those to come. */
  const wait = (name, fault) => {
    settle();
    if (queued.length >= MOST_WAITING) return 0;
    simulator.next(fault);
    queued.push({ name, fault });
    return 0;
  };
  /** Counts those whose occasion has come. */
  const settle = () => {
    const pending = new Set(simulator.pendingFaults);
    for (const { name, fault } of queued) if (!pending.has(fault)) count(name);
    queued = queued.filter(({ fault }) => pending.has(fault));
  };

  const faults = {
    'connection reset': () => simulator.reset(shard()),
    'op 7': () => simulator.requestReconnect(shard()),
    'op 9 true': () => simulator.invalidateSession(true, shard()),
    zombie: () => simulator.silence(shard()),
    'corrupt data': () => simulator.sendCorrupt(shard()),
    'half a payload': () => simulator.sendText('{"t":"MESSAGE_CREATE","s":987654321,"op":0,"d":{"n":', shard()),
    'close code': () => simulator.closeWith(random.oneOf(RESUMABLE_CODES), '', shard()),
    'close that is not answered': () => {
      const id = shard();
      simulator.ignoreClose(id);
      return simulator.requestReconnect(id);
    },
    'half a frame': () => {
      const open = [...sockets];
      if (open.length > 0) cutNextWrite(random.oneOf(open), () => count('half a frame'));
      return 0;
    },
    'dead resume URL': () => {
      if (isResumeUrlDead) return 0;
      isResumeUrlDead = true;
      simulator.killResumeUrl(random.oneOf([undefined, 502, 503]));
      setTimeout(
        () => {
          isResumeUrlDead = false;
          simulator.reviveResumeUrl();
        },
        random.whole(100, 1_500),
      );
      return 1;
    },
    'cut in a replay': () => wait('cut in a replay', { at: 'replay', after: random.whole(0, 30), reset: true }),
    'close in a replay': () => wait('close in a replay', { at: 'replay', after: random.whole(0, 30), closeWith: 4000 }),
    'op 7 in a replay': () => wait('op 7 in a replay', { at: 'replay', after: random.whole(0, 30), reconnect: true }),
    'cut at RESUMED': () => wait('cut at RESUMED', { at: 'resumed', reset: true }),
    'refused upgrade': () => wait('refused upgrade', { at: 'upgrade', refuse: random.oneOf([429, 500, 502, 503]) }),
    'reset upgrade': () => wait('reset upgrade', { at: 'upgrade', reset: true }),
    'slow HELLO': () => wait('slow HELLO', { at: 'hello', delay: random.whole(50, 400) }),
    'no HELLO': () => wait('no HELLO', { at: 'hello', skip: true }),
    'RESUME without an answer': () => wait('RESUME without an answer', { at: 'resume', skip: true }),
    'op 9 true for RESUME': () => wait('op 9 true for RESUME', { at: 'resume', invalidSession: true }),
  };

  return {
    /** Commits one of them. */
    strike() {
      const name = random.oneOf(Object.keys(faults));
      const times = faults[name]();
      if (times > 0) count(name);
    },
    /** How often each has struck. */
    get struck() {
      settle();
      return { ...struck };
    },
    /** Takes back those that wait, and lets both URLs live. */
    end() {
      settle();
      queued = [];
      simulator.clearFaults();
      for (const socket of sockets) delete socket.write;
    },
  };
}

export const total = (struck) => Object.values(struck).reduce((sum, times) => sum + times, 0);
