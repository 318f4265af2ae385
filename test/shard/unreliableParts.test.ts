import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMemorySessionStore, createShard, type IdentifyLimiter, type SessionStore } from '../../src/index.js';
import { reached, scenario, sentBy, stays, story, TOKEN, until, within } from './rig.js';

const never = () => new Promise<never>(() => {});

describe.concurrent('a part of the user’s that fails', () => {
  it(
    'makePresence with what JSON cannot write: identifies without it, on one connection',
    scenario(
      { shard: { makePresence: () => ({ status: 'online', activities: [{ name: 'x', type: 0, n: 5n } as never] }) } },
      async ({ simulator, shard, lines }) => {
        await shard.connect();
        expect(simulator.connections).toHaveLength(1);
        expect(sentBy(simulator, 2)[0]?.d).not.toHaveProperty('presence');
        expect(lines.error.join('\n')).toContain('left out of IDENTIFY');
      },
    ),
  );

  it(
    'makePresence that never answers: identifies without it, once READY would have been late',
    scenario({ shard: { makePresence: never } }, async ({ shard, lines }) => {
      await within(5_000, shard.connect());
      expect(lines.error.join('\n')).toContain('makePresence failed');
    }),
  );

  let asked = 0;
  const expired: IdentifyLimiter = {
    acquire: () => {
      asked += 1;
      return Promise.resolve({ commit: () => false, cancel: () => {} });
    },
  };
  it(
    'a limiter whose grants have always run out: is asked with a pause, and the heart beats',
    scenario(
      { simulator: { heartbeatInterval: 200 }, shard: { identifyLimiter: expired } },
      async ({ simulator, shard }) => {
        const connected = shard.connect().catch(() => {});
        await until(() => sentBy(simulator, 1).length > 2);
        expect(asked).toBeLessThan(100);
        expect(simulator.connections).toHaveLength(1);
        await shard.shutdown();
        await connected;
      },
    ),
  );

  it(
    'an inspection observer that throws: is reported and breaks nothing',
    scenario(
      {
        shard: {
          inspect: () => {
            throw new Error('observer');
          },
        },
      },
      async ({ shard, lines }) => {
        await shard.connect();
        expect(lines.error.join('\n')).toContain('the inspection observer failed');
      },
    ),
  );

  const stuck: SessionStore = { get: () => null, set: never, delete: never };
  it(
    'a session store that never takes a session: shutdown does not wait for ever',
    scenario({ shard: { sessionStore: stuck } }, async ({ shard, lines }) => {
      await shard.connect();
      await within(5_000, shard.shutdown({ resumable: true }));
      expect(lines.error.join('\n')).toContain('session store has not answered');
    }),
  );

  it(
    'a session store that never answers: connect() is rejected by close()',
    scenario({ shard: { sessionStore: { ...stuck, get: never } } }, async ({ simulator, shard }) => {
      const connected = shard.connect();
      await shard.close();
      await expect(within(2_000, connected)).rejects.toMatchObject({ code: 'CLOSED' });
      expect(simulator.connections).toHaveLength(0);
    }),
  );
});

describe.concurrent('a session', () => {
  it(
    'that close() has ended is not resumed from the store',
    scenario({ shard: { sessionStore: createMemorySessionStore() } }, async ({ simulator, shard }) => {
      await shard.connect();
      await shard.close();
      await shard.connect();
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'whose resume() waits for the store stays down when close() is called during the wait',
    scenario(
      {
        shard: {
          sessionStore: {
            ...createMemorySessionStore(),
            get: () =>
              new Promise((resolve) => {
                setTimeout(resolve, 50, { id: 'stored', sequence: 1, resumeUrl: 'ws://127.0.0.1:1' });
              }),
          },
        },
      },
      async ({ simulator, shard }) => {
        const resumed = shard.resume();
        await shard.close();
        await expect(resumed).rejects.toMatchObject({ code: 'CLOSED' });
        await stays(() => [shard.state, simulator.connections.length], 150);
      },
    ),
  );

  const kept: number[] = [];
  const memory = createMemorySessionStore();
  it(
    'is never stored or told with an older sequence',
    scenario(
      {
        shard: {
          sessionStore: { ...memory, set: (id, session) => (kept.push(session.sequence), memory.set(id, session)) },
        },
      },
      async ({ simulator, shard, transitions }) => {
        await shard.connect();
        for (let n = 0; n < 20; n += 1) simulator.dispatch('TYPING_START', {});
        await until(() => shard.sequence === 21);
        simulator.requestReconnect();
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        expect(transitions.find(({ to }) => to === 'Disconnected')?.session?.sequence).toBe(21);
        expect(kept).toEqual([...kept].toSorted((a, b) => a - b));
      },
    ),
  );
});

describe.concurrent('a gateway', () => {
  it(
    'cannot pass a dispatch for one of the shard’s own events',
    scenario({}, async ({ simulator, shard }) => {
      const heard: unknown[] = [];
      for (const name of ['fatal', 'ready', 'transition', 'raw'] as const) shard.on(name, (value) => heard.push(value));
      const payloads: string[] = [];
      shard.on('dispatch', ({ t }) => payloads.push(t));
      await shard.connect();
      await until(() => payloads.includes('READY'));
      heard.length = 0;
      simulator.sendText('{"t":"fatal","s":2,"op":0,"d":{"evil":1}}');
      await until(() => payloads.includes('fatal'));
      expect(heard).toEqual(['{"t":"fatal","s":2,"op":0,"d":{"evil":1}}']);
    }),
  );

  it(
    'that answers our close with our own code gives no verdict by it',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      shard.disconnect({ code: 4004 });
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it('that says goodbye and keeps the line open is left after the close limit', async () => {
    let upgrades = 0;
    const server = createServer().on('upgrade', ({ headers }, socket) => {
      upgrades += 1;
      const key = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.on('error', () => {});
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key.digest('base64')}\r\n\r\n`,
      );
      socket.write(Buffer.from([0x88, 0x02, 0x0f, 0xa0]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using shard = createShard({
      token: TOKEN,
      intents: 1,
      url,
      compression: 'none',
      timeouts: { close: 100 },
      backoff: { initial: 10, max: 20 },
    });
    void shard.connect();
    await until(() => upgrades > 2);
    server.close();
    server.closeAllConnections();
  });
});

describe.concurrent('a command', () => {
  it(
    'to connect, from disconnected and with autoReconnect off, brings the shard up again after op 7',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      await shard.connect();
      shard.once('disconnected', () => void shard.connect());
      simulator.requestReconnect();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
    }),
  );

  it(
    'that is not awaited does not kill the process when the gateway refuses for good',
    scenario({ simulator: { script: [{ at: 'resume', closeWith: 4004 }] } }, async ({ shard }) => {
      await shard.connect();
      void shard.reconnect();
      await reached(shard, 'Offline');
    }),
  );

  it(
    'after the actor was stopped is refused',
    scenario({}, async ({ shard }) => {
      await shard.connect();
      shard.actor.stop();
      expect(shard.state).toBe('Offline');
      await expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(shard.send({ op: 31, d: {} })).rejects.toMatchObject({ code: 'CLOSED' });
    }),
  );
});
