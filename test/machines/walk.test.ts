import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ShardEvent } from '../../machines/shard.types.js';
import { backoff, pathOf, session, startShard, statePaths, type Harness } from './harness.js';

type Step = { readonly ms: number } | { readonly event: ShardEvent };

const codes = [1000, 1001, 1006, 1011, 4000, 4003, 4004, 4007, 4008, 4009, 4014, 4242, 4900];
const code = fc.constantFrom(...codes);
const sequence = fc.option(fc.nat(1_000));
const id = fc.nat(50);
const ticket = fc.record({ id, priority: fc.boolean(), presence: fc.boolean() });
const reason = fc.constant('why');
const on = <T extends ShardEvent['type'], F extends object>(type: T, fields?: fc.Arbitrary<F>) =>
  (fields ?? fc.constant({} as F)).map((rest) => ({ event: { type, ...rest } as unknown as ShardEvent }));

const lucky = fc.oneof(
  on('connect', fc.record({ session: fc.constantFrom(null, session) })),
  on('socket.opened'),
  on('gateway.hello', fc.record({ heartbeatIntervalMs: fc.constantFrom(1_000, 10_000, 41_250) })),
  on('slot.granted'),
  on('gateway.ready', fc.record({ session: fc.constant(session) })),
  on('gateway.resumed', fc.record({ sequence: fc.nat(1_000) })),
  on('gateway.acknowledged', fc.record({ latencyMs: fc.nat(500) })),
);

const anything = fc.oneof(
  on('reconnect'),
  on('reinstantiate'),
  on('disconnect', fc.record({ code, reason })),
  on('close', fc.record({ code, reason })),
  on('abort', fc.record({ code, reason })),
  on('send', fc.record({ ticket })),
  on('send.cancel', fc.record({ id })),
  on('socket.closing', fc.record({ sequence })),
  on('socket.closed', fc.record({ code, reason, sequence, retryAfterMs: fc.option(fc.nat(20_000)) })),
  on('socket.corrupted', fc.record({ reason })),
  on('socket.settled'),
  on('socket.unsent', fc.record({ ticket })),
  on('gateway.replayed', fc.record({ sequence: fc.nat(1_000) })),
  on('gateway.reconnect'),
  on('gateway.invalidSession', fc.record({ resumable: fc.boolean() })),
  on('gateway.heartbeatRequested'),
  on('slot.expired'),
  on('slot.failed', fc.record({ reason })),
  on('bucket.granted', fc.record({ ticket })),
);

const time = fc.constantFrom(1, 100, 1_000, 5_000, 20_000, 70_000).map((ms) => ({ ms }));
const walk = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: lucky },
    { weight: 4, arbitrary: anything },
    { weight: 3, arbitrary: time },
  ) as fc.Arbitrary<Step>,
  { minLength: 20, maxLength: 150 },
);
const rareShutdown = fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(150) });

/** What holds in every state, whatever has happened. The harness watches the wire besides. */
function check(shard: Harness, wasStopped: boolean, visited: Set<string>): void {
  expect(shard.violations).toEqual([]);
  const { status, value, children, context } = shard.actor.getSnapshot();
  expect(status).toBe('active');
  const path = pathOf(value);
  expect(statePaths).toContain(path);
  visited.add(path);
  expect(shard.sockets.filter(({ alive }) => alive)).toHaveLength(path.startsWith('Online') ? 1 : 0);
  const inSession = path.startsWith('Online.link.session');
  expect(children.heartbeat !== undefined && children.heartbeat.getSnapshot().status === 'active').toBe(inSession);
  expect(shard.slotsHeld).toBe(path.endsWith('awaitingSlot') ? 1 : 0);
  const { capacity } = children.bucket?.getSnapshot().context ?? {};
  expect(capacity === 0).toBe(!path.includes('.Connected.'));
  if (path === 'Offline.fatal') expect(context.session).toBeNull();
  if (path.includes('Resuming') || path.includes('.Connected.')) expect(context.session).not.toBeNull();
  if (path === 'Disconnected') expect(context.lastDecision?.action).toMatch(/^(resume|identify)$/);
  expect(context.lastDecision?.delay ?? 0).toBeLessThanOrEqual(backoff.maxMs);
  expect(context.resumeTries).toBeLessThanOrEqual(context.resumeAttempts);
  if (wasStopped && path !== 'Offline.stopped') expect(path).toMatch(/^Online\.closing\.stopping$/);
}

function run(shard: Harness, steps: readonly Step[], shutdownAt: number, visited: Set<string>): void {
  let stopped = false;
  steps.forEach((step, index) => {
    if (index === shutdownAt) {
      shard.shutdown();
      stopped = true;
    }
    if ('ms' in step) shard.tick(step.ms, 1_000);
    else shard.tell(step.event);
    check(shard, stopped, visited);
  });
}

test('a random walk: one socket at most, one login a connection, and the chart never throws', () => {
  const visited = new Set<string>();
  fc.assert(
    fc.property(
      walk,
      fc.nat(2 ** 31),
      fc.nat(3),
      fc.boolean(),
      rareShutdown,
      (steps, seed, tries, auto, shutdownAt) => {
        const shard = startShard({ seed, resumeAttempts: tries, autoReconnect: auto });
        run(shard, steps, shutdownAt, visited);
        shard.actor.stop();
      },
    ),
    { numRuns: 250, interruptAfterTimeLimit: 15_000 },
  );
  // A walk that never comes far proves nothing.
  expect(visited.size).toBeGreaterThan(statePaths.length - 4);
});
