import { describe, expect, it } from 'vitest';
import { createIdentifyLimiter } from '../../src/index.js';
import type { Fault, GatewaySimulator } from '../../src/simulator/index.js';
import { reached, scenario, stays, story, until } from './rig.js';

const backoff = { initial: 100, max: 2_000 };

const upgrades = (simulator: GatewaySimulator) => simulator.log.filter(({ kind }) => kind === 'upgrade');
const elapse = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.concurrent('the back-off', () => {
  for (const [gateway, fault] of [
    ['drops every connection', { at: 'hello', reset: true, times: Infinity }],
    ['refuses every upgrade', { at: 'upgrade', refuse: 503, times: Infinity }],
  ] as const satisfies [string, Fault][]) {
    it(
      `makes at most 14 connects in 6 s against a gateway that ${gateway}`,
      scenario({ simulator: { script: [fault] }, shard: { backoff } }, async ({ simulator, shard }) => {
        const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
        await elapse(6_000);
        expect(upgrades(simulator).length).toBeLessThanOrEqual(14);
        expect(upgrades(simulator).length).toBeGreaterThanOrEqual(3);
        await shard.shutdown();
        await failed;
      }),
    );
  }

  it(
    'makes at most 6 identifies in 8 s against a gateway that drops after every READY and refuses every RESUME',
    scenario(
      {
        simulator: {
          script: [
            { at: 'ready', reset: true, times: Infinity },
            { at: 'resume', reset: true, times: Infinity },
          ],
        },
        shard: { backoff },
      },
      async ({ simulator, shard }) => {
        await shard.connect();
        await elapse(8_000);
        expect(simulator.identifies.length).toBeLessThanOrEqual(6);
        expect(upgrades(simulator).length).toBeLessThanOrEqual(18);
      },
    ),
  );

  it(
    'burns no identify where READY and RESUMED are followed by a drop: it resumes',
    scenario(
      {
        simulator: {
          script: [
            { at: 'ready', reset: true, times: Infinity },
            { at: 'resumed', reset: true, times: Infinity },
          ],
        },
        shard: { backoff },
      },
      async ({ simulator, shard }) => {
        await shard.connect();
        await elapse(6_000);
        expect(simulator.identifies).toHaveLength(1);
        expect(upgrades(simulator).length).toBeLessThanOrEqual(14);
        expect(upgrades(simulator).length).toBeGreaterThanOrEqual(3);
      },
    ),
  );

  it(
    'with the real identify window burns at most 2 identifies in 8 s, though every session is lost right after READY',
    scenario(
      {
        simulator: { identifyWindow: 5_000, script: [{ at: 'ready', closeWith: 4009, times: Infinity }] },
        shard: { backoff, identifyLimiter: createIdentifyLimiter() },
      },
      async ({ simulator, shard }) => {
        await shard.connect();
        await elapse(8_000);
        expect(simulator.identifies.length).toBeLessThanOrEqual(2);
      },
    ),
  );

  it(
    'lets the first reconnect after a stable connection pass at once',
    scenario(
      {
        simulator: { heartbeatInterval: 100 },
        shard: { backoff: { initial: 20_000, max: 60_000, stableAfter: 200 } },
      },
      async ({ simulator, shard, transitions }) => {
        await shard.connect();
        await until(() => shard.actor.getSnapshot().context.attempts === 0);
        simulator.reset();
        await until(() => story(simulator).length === 2, 1_500);
        await reached(shard, 'Connected');
        // Shards of the other tests lose connections in the same second: the wait may be spread.
        expect(transitions.find(({ decision }) => decision !== null)?.decision?.delay).toBeLessThan(1_000);
      },
    ),
  );

  it(
    'waits after 4008 even though the connection was stable',
    scenario(
      { simulator: { heartbeatInterval: 100 }, shard: { backoff: { initial: 60_000, max: 60_000 } } },
      async ({ simulator, shard }) => {
        await shard.connect();
        await until(() => shard.latency !== null);
        simulator.closeWith(4008);
        await reached(shard, 'Disconnected');
        await stays(() => upgrades(simulator).length, 100);
        expect(shard.state).toBe('Disconnected');
      },
    ),
  );

  it(
    'forgets no failure for a READY: the count is cleared by an acknowledged beat',
    scenario(
      {
        simulator: {
          heartbeatInterval: 30_000,
          script: [
            { at: 'ready', reset: true },
            { at: 'resumed', reset: true, times: 3 },
          ],
        },
      },
      async ({ simulator, shard, transitions }) => {
        await shard.connect();
        await until(() => story(simulator).length === 5);
        await reached(shard, 'Connected');
        const attempts = transitions.flatMap(({ decision }) => (decision === null ? [] : [decision.attempt]));
        expect(attempts).toEqual([2, 3, 4, 5]);
      },
    ),
  );
});
