import { describe, expect, it } from 'vitest';
import { createIdentifyLimiter, type Shard } from '../../src/index.js';
import type { Fault, GatewaySimulator } from '../../src/simulator/index.js';
import { flow, LIMITER_WINDOW, reached, scenario, sentBy, settled, shardOn, stays, story, until } from './rig.js';

describe.concurrent('going up', () => {
  it(
    'twice opens one connection, and a third time none',
    scenario({}, async ({ simulator, shard }) => {
      await Promise.all([shard.connect(), shard.connect(), shard.identify(), shard.reconnect()]);
      await shard.connect();
      expect(shard.state).toBe('Connected');
      expect(story(simulator).filter((step) => step.startsWith('identify'))).toHaveLength(1);
      await settledBut(simulator, 1);
    }),
  );

  it(
    'by connect() called twice at once is one socket and one IDENTIFY',
    scenario({}, async ({ simulator, shard }) => {
      await Promise.all([shard.connect(), shard.connect()]);
      expect(simulator.connections).toHaveLength(1);
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );

  it(
    'by identify() takes a new session though there is one',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      await shard.close({ code: 4900 });
      expect(shard.session).not.toBeNull();
      await shard.identify();
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'by resume() resumes, and is refused where there is no session',
    scenario({}, async ({ simulator, shard }) => {
      await expect(shard.resume()).rejects.toMatchObject({ code: 'NO_SESSION' });
      await shard.connect();
      await shard.close({ code: 4900 });
      await shard.resume();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it(
    'by reconnect() drops the connection and resumes, with nothing lost',
    scenario({}, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard);
      await shard.connect();
      await until(() => numbers.received.length > 5);
      await shard.reconnect();
      await numbers.isWhole();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
      expect(simulator.connections[0]?.closeCode).toBe(4900);
    }),
  );

  it(
    'by reinstantiate() drops the session and identifies at the first URL',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const { session } = shard;
      await shard.reinstantiate();
      expect(shard.session?.id).not.toBe(session?.id);
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'by disconnect() is what follows a lost connection, whose code and reason the gateway gets',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      shard.disconnect({ code: 4321, reason: 'moving house' });
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(simulator.connections[0]).toMatchObject({ closeCode: 4321, closeReason: 'moving house' });
      shard.disconnect({ code: 1000 });
      await until(() => story(simulator).length === 3);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(['identify /', 'resume /resume', 'identify /']);
      for (const code of [1006, 1005, 999, 5000, 1.5, '4000', null]) {
        expect(() => shard.disconnect({ code: code as number })).toThrow(
          expect.objectContaining({ code: 'INVALID_OPTION' }),
        );
      }
      expect(() => shard.disconnect({ reason: 'ß'.repeat(62) })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
      expect(shard.state).toBe('Connected');
    }),
  );

  it(
    'again works from inside a connection that is being closed',
    scenario({ simulator: { script: [{ at: 'close', delay: 100 }] } }, async ({ simulator, shard }) => {
      await shard.connect();
      const closed = shard.close();
      await shard.connect();
      await closed;
      expect(shard.state).toBe('Connected');
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'while it is already coming up changes nothing',
    scenario({ simulator: { script: [{ at: 'hello', delay: 100 }] } }, async ({ simulator, shard }) => {
      const first = shard.connect();
      await until(() => simulator.connections.length === 1);
      await Promise.all([first, shard.connect(), shard.identify()]);
      expect(simulator.connections).toHaveLength(1);
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );
});

describe.concurrent('autoReconnect: false', () => {
  it(
    'stays down after a drop, and connect() brings it back with its session',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard);
      await shard.connect();
      await until(() => numbers.received.length > 3);
      simulator.reset();
      await reached(shard, 'Offline');
      await stays(() => simulator.connections.length, 150);
      await shard.connect();
      await numbers.isWhole();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it(
    'makes connect() reject where the gateway cannot be reached',
    scenario(
      { shard: { autoReconnect: false }, simulator: { script: [{ at: 'upgrade', refuse: 500 }] } },
      async ({ simulator, shard }) => {
        await expect(shard.connect()).rejects.toMatchObject({
          code: 'CLOSED',
          message: expect.stringContaining('500'),
        });
        expect(shard.state).toBe('Offline');
        await shard.connect();
        expect(story(simulator)).toEqual(['identify /']);
      },
    ),
  );

  it(
    'is about lost connections: reconnect() that was asked for comes back',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      await shard.connect();
      await shard.reconnect();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it(
    'is about lost connections: reinstantiate() that was asked for comes back',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      await shard.connect();
      await shard.reinstantiate();
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'is about lost connections: close() and at once connect() comes back',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      await shard.connect();
      const closed = shard.close();
      await shard.connect();
      await closed;
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );
});

describe.concurrent('going down', () => {
  it(
    'by close() ends the session with 1000 and stays down, until connect()',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      await shard.close();
      expect(shard.state).toBe('Offline');
      expect(shard.session).toBeNull();
      expect(shard.isOpen()).toBe(false);
      expect(simulator.connections[0]?.closeCode).toBe(1000);
      await stays(() => simulator.connections.length, 150);
      await Promise.all([shard.close(), shard.close()]);
      await shard.connect();
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'by close() rejects a connect() that waits',
    scenario({ simulator: { script: [{ at: 'ready', skip: true }] } }, async ({ simulator, shard }) => {
      const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      await until(() => sentBy(simulator, 2).length === 1);
      await shard.close();
      await failed;
      await settled(simulator);
    }),
  );

  it(
    'by close() needs no answer of the peer',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.ignoreClose();
      const before = performance.now();
      await shard.close();
      expect(performance.now() - before).toBeLessThan(2_000);
      expect(shard.state).toBe('Offline');
    }),
  );

  it(
    'by forceClose() is done when it returns',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      shard.forceClose();
      expect(shard.state).toBe('Offline');
      expect(shard.isOpen()).toBe(false);
      expect(shard.session).not.toBeNull();
      await settled(simulator);
      expect(simulator.connections[0]?.closeCode).toBe(4900);
      await shard.connect();
      shard.forceClose(1000);
      expect(shard.session).toBeNull();
      await settled(simulator);
      expect(simulator.connections[1]?.closeCode).toBe(1000);
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it('by asyncDispose shuts down', async () => {
    await scenario({}, async ({ simulator, shard }) => {
      {
        await using other = shardOn(simulator, { identifyLimiter: createIdentifyLimiter({ window: LIMITER_WINDOW }) });
        await other.connect();
      }
      await settled(simulator);
      expect(simulator.connections[0]?.closeCode).toBe(1000);
      expect(shard.state).toBe('Offline');
    })();
  });

  it(
    'by shutdown() twice is one shutdown, after which every command is refused',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      await Promise.all([shard.shutdown(), shard.shutdown()]);
      await shard.shutdown();
      const refused = expect.objectContaining({ name: 'ShardError', code: 'CLOSED' });
      await expect(shard.connect()).rejects.toEqual(refused);
      await expect(shard.identify()).rejects.toEqual(refused);
      await expect(shard.resume()).rejects.toMatchObject({ code: expect.stringMatching('CLOSED|NO_SESSION') });
      await expect(shard.reconnect()).rejects.toEqual(refused);
      await expect(shard.reinstantiate()).rejects.toEqual(refused);
      await expect(shard.send({ op: 4, d: {} })).rejects.toEqual(refused);
      await expect(shard.ping()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await shard.close();
      shard.forceClose();
      shard.disconnect();
      expect(shard.state).toBe('Offline');
      expect(shard.isOpen()).toBe(false);
      expect(shard.bucket).toBeDefined();
      expect(shard.heart).toBeDefined();
      await stays(() => simulator.connections.length, 100);
    }),
  );

  it(
    'by shutdown() without ever having gone up',
    scenario({}, async ({ simulator, shard }) => {
      await shard.shutdown();
      await expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      expect(simulator.log).toEqual([]);
    }),
  );

  const moments: { name: string; script: Fault[]; at: Moment }[] = [
    { name: 'the upgrade is late', script: [{ at: 'upgrade', delay: 300 }], at: (_, { log }) => log.length === 1 },
    { name: 'the upgrade hangs', script: [{ at: 'upgrade', hang: true }], at: (_, { log }) => log.length === 2 },
    { name: 'HELLO is awaited', script: [{ at: 'hello', skip: true }], at: (_, s) => s.connections.length === 1 },
    { name: 'READY is awaited', script: [{ at: 'ready', skip: true }], at: isIn('Identifying') },
    { name: 'it backs off', script: [{ at: 'upgrade', refuse: 503, retryAfter: 0.3 }], at: isIn('Disconnected') },
    { name: 'it waits after op 9', script: [{ at: 'identify', invalidSession: false }], at: isIn('Disconnected') },
    {
      name: 'RESUMED is awaited',
      script: [
        { at: 'ready', reset: true },
        { at: 'resume', skip: true },
      ],
      at: isIn('Resuming'),
    },
    {
      name: 'a peer leaves its close unanswered',
      script: [
        { at: 'close', skip: true },
        { at: 'ready', reconnect: true },
      ],
      at: isIn('Disconnected'),
    },
  ];

  for (const { name, script, at } of moments) {
    for (const command of ['shutdown', 'close', 'forceClose'] as const) {
      it(
        `by ${command}() while ${name} leaves nothing open and opens nothing more`,
        scenario({ simulator: { script } }, async ({ simulator, shard }) => {
          const result = shard.connect().catch((error: unknown) => error);
          await until(() => at(shard, simulator));
          await shard[command]();
          expect(shard.state).toBe('Offline');
          await settled(simulator);
          await stays(() => [simulator.connections.length, shard.state], 400);
          // With an instant READY it may have been Connected for a moment.
          const outcome = await result;
          if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'CLOSED' });
        }),
      );
    }
  }
});

type Moment = (shard: Shard, simulator: GatewaySimulator) => boolean;

function isIn(state: Shard['state']): Moment {
  return (shard: Shard) => shard.state === state;
}

/** All but so many connections have ended. */
function settledBut(simulator: { connections: readonly { open: boolean }[] }, open: number): Promise<void> {
  return until(() => simulator.connections.filter((connection) => connection.open).length === open);
}
