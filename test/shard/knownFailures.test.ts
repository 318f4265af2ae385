import { describe, expect, it } from 'vitest';
import { FatalShardError, type IdentifyLimiter } from '../../src/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { data, flow, reached, scenario, sentBy, settled, stays, story, until } from './rig.js';

const upgrades = ({ log }: GatewaySimulator) => log.flatMap((entry) => (entry.kind === 'upgrade' ? [entry.path] : []));

/** What other clients are known to do wrong. */
describe.concurrent('a shard does not', () => {
  it(
    'loop on a dead resume URL (discord.js #10382)',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.killResumeUrl();
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(upgrades(simulator)).toEqual(['/', '/resume', '/resume', '/resume', '/']);
      expect(story(simulator)).toEqual(['identify /', 'resume /']);
    }),
  );

  it(
    'wait without end for the answer to RESUME',
    scenario({ simulator: { script: [{ at: 'resume', skip: true, times: 2 }] } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.reset();
      await until(() => story(simulator).length === 4);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(['identify /', 'resume /resume', 'resume /resume', 'resume /resume']);
      expect(simulator.connections[1]?.closeCode).toBe(4900);
    }),
  );

  it('identify after a throttle error: it waits and asks again', async () => {
    let asked = 0;
    const limiter: IdentifyLimiter = {
      async acquire() {
        asked += 1;
        if (asked <= 3) throw new Error('redis is away');
        return { commit: () => true, cancel() {} };
      },
    };
    await scenario({ shard: { identifyLimiter: limiter } }, async ({ simulator, shard }) => {
      const askedAt: number[] = [];
      simulator.onFrame(({ op, direction }) => {
        if (direction === 'client' && op === 2) askedAt.push(asked);
      });
      await shard.connect();
      expect(askedAt).toEqual([4]);
      expect(story(simulator)).toEqual(['identify /']);
      expect(simulator.connections).toHaveLength(1);
    })();
  });

  it('identify with a grant that has run out: it queues again', async () => {
    const steps: string[] = [];
    const limiter: IdentifyLimiter = {
      async acquire() {
        steps.push('acquire');
        return {
          async commit() {
            steps.push('commit');
            return steps.length > 4;
          },
          cancel: () => void steps.push('cancel'),
        };
      },
    };
    await scenario({ shard: { identifyLimiter: limiter } }, async ({ simulator, shard }) => {
      await shard.connect();
      expect(steps).toEqual(['acquire', 'commit', 'acquire', 'commit', 'acquire', 'commit']);
      expect(story(simulator)).toEqual(['identify /']);
    })();
  });

  it('keep a grant whose socket was lost first', async () => {
    const steps: string[] = [];
    let grant: (() => void) | undefined;
    const limiter: IdentifyLimiter = {
      async acquire() {
        steps.push('acquire');
        if (steps.length === 1) await new Promise<void>((resolve) => (grant = resolve));
        return {
          commit: () => steps.push('commit') > 0,
          cancel: () => void steps.push('cancel'),
        };
      },
    };
    await scenario({ shard: { identifyLimiter: limiter } }, async ({ simulator, shard }) => {
      const connecting = shard.connect();
      await until(() => steps.length === 1);
      simulator.reset();
      await connecting;
      grant?.();
      await until(() => steps.includes('cancel'));
      expect(steps).toEqual(['acquire', 'acquire', 'commit', 'cancel']);
      expect(story(simulator)).toEqual(['identify /']);
    })();
  });

  it(
    'open two sockets for two destroys at once',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      shard.disconnect();
      shard.disconnect();
      void shard.reconnect();
      simulator.requestReconnect();
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      await stays(() => simulator.connections.length, 200);
      expect(simulator.connections).toHaveLength(2);
    }),
  );

  it(
    'keep a payload queued during a resume for the next READY',
    scenario({ simulator: { script: [{ at: 'resumed', delay: 100 }] } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.reset();
      await reached(shard, 'Resuming');
      await shard.send({ op: 31, d: { guild_ids: [] } });
      await until(() => sentBy(simulator, 31).length === 1);
      expect(sentBy(simulator, 31)[0]?.connection).toBe(2);
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );

  it(
    'send 235 in one minute from a window that is reset',
    scenario({ simulator: { sendLimit: 120, sendWindow: 60_000 } }, async ({ simulator, shard }) => {
      await shard.connect();
      const results = Promise.allSettled(Array.from({ length: 235 }, () => shard.send({ op: 31, d: {} })));
      await until(() => sentBy(simulator, 31).length === shard.calculateSafeRequests());
      await stays(() => sentBy(simulator, 31).length, 300);
      await shard.shutdown();
      await results;
      expect(simulator.connections[0]?.gatewayCloseCode).toBeNull();
    }),
  );

  it(
    'loop for ever on a bucket without permits: one is left however fast the heart beats',
    scenario({ simulator: { heartbeatInterval: 200 } }, async ({ simulator, shard }) => {
      await shard.connect();
      expect(shard.calculateSafeRequests()).toBe(1);
      const results = Promise.allSettled([1, 2].map(() => shard.send({ op: 31, d: {} })));
      await until(() => sentBy(simulator, 31).length === 1);
      const beats = sentBy(simulator, 1).length;
      await until(() => sentBy(simulator, 1).length > beats + 5);
      expect(shard.queue.size).toBe(1);
      await shard.shutdown();
      await results;
    }),
  );

  it(
    'identify by the thousand when the gateway drops at once',
    scenario(
      { simulator: { script: [{ at: 'identify', reset: true, times: Infinity }] } },
      async ({ simulator, shard }) => {
        const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
        await until(() => sentBy(simulator, 2).length >= 3);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        // At { initial: 20, max: 100 }: at most one in 20 ms, on average one in 60.
        expect(sentBy(simulator, 2).length).toBeLessThan(45);
        await shard.shutdown();
        await failed;
      },
    ),
  );

  it(
    'throw a fatal close code as an unhandled rejection: connect() rejects with it',
    scenario({ simulator: { script: [{ at: 'identify', closeWith: 4014 }] } }, async ({ shard }) => {
      await expect(shard.connect()).rejects.toBeInstanceOf(FatalShardError);
    }),
  );

  it(
    'identify at the resume URL, whichever way the session was lost',
    scenario({ simulator: { script: [{ at: 'resume', closeWith: 4007 }] } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.reset();
      await until(() => story(simulator).length === 3);
      await reached(shard, 'Connected');
      simulator.closeWith(4009);
      await until(() => story(simulator).length === 4);
      await reached(shard, 'Connected');
      await shard.reinstantiate();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume', 'identify /', 'identify /', 'identify /']);
    }),
  );

  for (const [name, text] of Object.entries({
    'a dispatch': '{"t":"TYPING_START","s":2,"op":0,"d":{}}',
    'a dispatch with its keys in another order': '{"op":0,"t":"TYPING_START","s":2,"d":{}}',
    RESUMED: '{"t":"RESUMED","s":2,"op":0,"d":{}}',
    READY: null,
  })) {
    it(
      `lower its sequence for an old frame: ${name}`,
      scenario({ simulator: { heartbeatInterval: 100 } }, async ({ simulator, shard }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 10);
        numbers.stop();
        await numbers.isWhole();
        const { session } = shard;
        const ready = { session_id: session?.id, resume_gateway_url: session?.resumeUrl };
        simulator.sendText(text ?? `{"t":"READY","s":1,"op":0,"d":${JSON.stringify(ready)}}`);
        const beats = sentBy(simulator, 1).length;
        await until(() => sentBy(simulator, 1).length > beats + 1);
        expect(sentBy(simulator, 1).at(-1)?.d).toBe(numbers.sent + 1);
        simulator.reset();
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        expect(data(sentBy(simulator, 6)[0])['seq']).toBe(numbers.sent + 1);
        await numbers.isWhole();
      }),
    );
  }

  it(
    'connect again after a shutdown during its back-off (discord.js #7450)',
    scenario(
      {
        simulator: { script: [{ at: 'upgrade', refuse: 503, times: Infinity }] },
        shard: { backoff: { initial: 150, max: 150 } },
      },
      async ({ simulator, shard }) => {
        const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
        await until(() => upgrades(simulator).length >= 2 && shard.state === 'Disconnected');
        await shard.shutdown();
        await failed;
        await stays(() => upgrades(simulator).length, 400);
      },
    ),
  );

  it(
    'leave a socket open that was closed while connecting (discord.js #3085)',
    scenario({ simulator: { script: [{ at: 'upgrade', delay: 200 }] } }, async ({ simulator, shard }) => {
      const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      await reached(shard, 'Connecting');
      await shard.close();
      await failed;
      await stays(() => simulator.connections.filter(({ open }) => open).length, 400);
      expect(sentBy(simulator)).toEqual([]);
    }),
  );

  it(
    'leave a socket open that was closed before the URL was known',
    scenario({}, async ({ simulator, shard }) => {
      const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      const closed = shard.close();
      await Promise.all([failed, closed]);
      await stays(() => upgrades(simulator).length, 200);
      await settled(simulator);
    }),
  );

  it(
    'stay down where it is closed and connected at once, while connecting',
    scenario({ simulator: { script: [{ at: 'upgrade', delay: 200 }] } }, async ({ simulator, shard }) => {
      const first = shard.connect().catch((error: unknown) => error);
      await reached(shard, 'Connecting');
      const closed = shard.close();
      await shard.connect();
      await Promise.all([first, closed]);
      expect(shard.state).toBe('Connected');
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );
});
