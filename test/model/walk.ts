import * as fc from 'fast-check';
import type { ShardEvent, ShardInput } from '../../machines/index.js';
import { backoff, Harness, quiet, session } from '../machines/rig.js';
import type { Charts } from '../machines/scriptedRig.js';
import { fallible, firstSession, outside, strays } from './alphabet.js';
import { broken } from './invariants.js';
import { Unlawful } from './laws/lawbook.js';

/** A step of a walk: time passes, an event is sent, or an actor fails. */
type Stride = { readonly ms: number } | { readonly event: ShardEvent } | { readonly fails: (typeof fallible)[number] };

const code = fc.constantFrom(1000, 1001, 1006, 1011, 4000, 4003, 4004, 4007, 4008, 4009, 4014, 4242, 4900);
const sequence = fc.option(fc.nat(1_000));
const ticket = fc.record({ id: fc.nat(50), priority: fc.boolean(), presence: fc.boolean() });
const reason = fc.constant('why');
const on = <Type extends ShardEvent['type'], Fields extends object>(type: Type, fields?: fc.Arbitrary<Fields>) =>
  (fields ?? fc.constant({} as Fields)).map((rest) => ({ event: { type, ...rest } as unknown as ShardEvent }));

/** Events that lead up; taken most of the time. */
const lucky = fc.oneof(
  on('store.answered', fc.record({ session: fc.constantFrom(null, session) })),
  on('connect', fc.record({ session: fc.constantFrom(null, session) })),
  on('socket.opened'),
  on('gateway.hello', fc.record({ heartbeatIntervalMs: fc.constantFrom(1_000, 10_000, 41_250) })),
  on('slot.granted'),
  on('gateway.ready', fc.record({ session: fc.constant(session) })),
  on('gateway.resumed', fc.record({ sequence: fc.nat(1_000) })),
  on('gateway.acknowledged', fc.record({ latencyMs: fc.nat(500), quietMs: fc.constantFrom(0, 3_600_000) })),
  on('gateway.acknowledged', fc.record({ latencyMs: fc.nat(500), quietMs: fc.constantFrom(0, 3_600_000) })),
  fc.constant({ ms: backoff.stableAfterMs }),
);

/** Events of which the enumeration has one value of each kind, with values at random. */
const varied = fc.oneof(
  on('disconnect', fc.record({ code, reason })),
  on('close', fc.record({ code, reason })),
  on('abort', fc.record({ code, reason })),
  on('send', fc.record({ ticket })),
  on('send.cancel', fc.record({ id: fc.nat(50) })),
  on('socket.closing', fc.record({ sequence })),
  on(
    'socket.closed',
    fc.record({ code, reason, sequence, retryAfterMs: fc.option(fc.nat(20_000)), endedTogether: fc.nat(50) }),
  ),
  on('socket.unsent', fc.record({ ticket })),
  on('gateway.replayed', fc.record({ sequence: fc.nat(1_000) })),
);

const listed = fc.constantFrom(...[...outside, ...strays].filter(({ type }) => type !== 'shutdown'));
const time = fc.constantFrom(1, 100, 1_000, 5_000, 20_000, 70_000);

const stride: fc.Arbitrary<Stride> = fc.oneof(
  { weight: 60, arbitrary: lucky },
  { weight: 20, arbitrary: varied },
  { weight: 20, arbitrary: listed.map((event) => ({ event })) },
  { weight: 30, arbitrary: time.map((ms) => ({ ms })) },
  { weight: 3, arbitrary: fc.constantFrom(...fallible).map((fails) => ({ fails })) },
);

const LONGEST = 200;

/** How a shard comes up when all goes well: a third of the walks begin there. */
const up: readonly ShardEvent[] = [
  { type: 'connect', session: null },
  { type: 'store.answered', session: null },
  { type: 'socket.opened' },
  { type: 'gateway.hello', heartbeatIntervalMs: 41_250 },
  { type: 'slot.granted' },
  { type: 'gateway.ready', session },
];

const story = fc.record({
  isUp: fc.constantFrom(true, false, false),
  strides: fc.array(stride, { minLength: 60, maxLength: LONGEST, size: 'max' }),
  /** When the user shuts it down; mostly never. */
  shutdownAt: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(LONGEST) }),
  input: fc.record<ShardInput>(
    {
      seed: fc.nat(2 ** 31),
      resumeAttempts: fc.nat(3),
      autoReconnect: fc.boolean(),
      asksStore: fc.boolean(),
      quiet: fc.constantFrom(null, quiet, { ...quiet, reconnects: true }),
      session: fc.constantFrom(null, firstSession),
    } as never,
    { requiredKeys: [] },
  ),
});

/** The bucket can fail once; what it holds is refused by the face from then on. */
function isPossible(shard: Harness, stride: Stride): boolean {
  const { children } = shard.actor.getSnapshot();
  if ('fails' in stride) return children[stride.fails]?.getSnapshot().status === 'active';
  return 'ms' in stride || children.bucket?.getSnapshot().status === 'active' || !/send|bucket/.test(stride.event.type);
}

function take(shard: Harness, next: Stride): void {
  if ('ms' in next) shard.tick(next.ms);
  else if ('event' in next) shard.tell(next.event);
  else shard.fail(next.fails);
}

/** Steps and states that walks have seen. */
export interface Travels {
  steps: number;
  readonly visited: Set<string>;
}

/** Shards told things at random, with pauses and failures: each step must be lawful and every invariant hold after it. */
export function walks(travels: Travels, charts?: Charts) {
  return fc.property(story, ({ isUp, strides, shutdownAt, input }) => {
    const shard = new Harness({ ...input, ...(charts !== undefined && { charts }) });
    if (isUp) shard.tell(...up);
    strides.forEach((next, index) => {
      if (index === shutdownAt) shard.shutdown();
      if (!isPossible(shard, next)) return;
      take(shard, next);
      travels.steps += 1;
      travels.visited.add(shard.path);
      const wrong = [...shard.violations, ...broken(shard)];
      if (wrong.length > 0) throw new Unlawful(wrong.join('\n'));
    });
    shard.actor.stop();
  });
}
