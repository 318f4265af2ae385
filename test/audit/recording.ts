import { createActor, fromCallback, SimulatedClock, type EventObject } from 'xstate';
import { lifecycleOf, shardMachine } from '../../machines/index.js';
import type { ShardEvent, ShardInput, SlotInput, SlotReport, SocketReport } from '../../machines/shard.types.js';
import { Lines } from '../../src/audit/encode.js';
import { Lives } from '../../src/audit/lives.js';
import type { AuditRecord, TransitionRecord } from '../../src/index.js';
import { nextRandom } from '../../src/protocol/random.js';
import { keepLastEvents } from '../../src/shard/lastEvent.js';
import { watchSteps } from '../../src/shard/steps.js';
import { recordOf } from '../../src/shard/transitionRecord.js';

export const session = { id: 'session-1', sequence: 7, resumeUrl: 'wss://resume.example' };

const input: ShardInput = {
  shardId: 0,
  session: null,
  autoReconnect: true,
  resumeAttempts: 3,
  timeouts: { handshakeMs: 10_000, helloMs: 11_000, readyMs: 12_000, resumedMs: 13_000, closeMs: 2_000 },
  backoff: { initialMs: 1_000, maxMs: 60_000 },
  seed: 1,
};

/** A shard's chart with actors that do nothing, and what a face would have told of it. */
export class Recording {
  readonly clock = new SimulatedClock();
  readonly records: TransitionRecord[] = [];
  readonly actor;
  /** How far the socket is ahead of the chart. */
  sequence: number | null = null;
  readonly #listeners = new Set<(record: TransitionRecord) => void>();
  readonly #history: boolean;

  constructor(options: Partial<ShardInput> = {}, history = true) {
    this.#history = history;
    const socket = fromCallback<EventObject, object, SocketReport & EventObject>(() => {});
    const slot = fromCallback<EventObject, SlotInput, SlotReport & EventObject>(() => {});
    this.actor = createActor(keepLastEvents(shardMachine.provide({ actors: { socket: socket as never, slot } })), {
      input: { ...input, ...options },
      clock: this.clock,
    });
    watchSteps(this.actor, {
      onEvent: () => {},
      onStep: (step) => {
        const record = recordOf(step, this.clock.now(), this.sequence);
        this.records.push(record);
        for (const listener of this.#listeners) listener(record);
      },
      onFailure: (error) => {
        throw error;
      },
    });
    this.actor.start();
  }

  get state() {
    return lifecycleOf(this.actor.getSnapshot());
  }

  get history(): TransitionRecord[] {
    return this.#history ? [...this.records] : [];
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  on(_: 'transition', listener: (record: TransitionRecord) => void): this {
    this.#listeners.add(listener);
    return this;
  }

  off(_: 'transition', listener: (record: TransitionRecord) => void): this {
    this.#listeners.delete(listener);
    return this;
  }

  tell(...events: ShardEvent[]): this {
    for (const event of events) this.actor.send(event);
    return this;
  }

  /** Up to an IDENTIFY that waits for its READY, from Offline or with a connection that has just been opened. */
  identifying(): this {
    return this.tell(
      { type: 'connect', session: null },
      { type: 'socket.opened' },
      { type: 'gateway.hello', heartbeatIntervalMs: 40_000 },
      { type: 'slot.granted' },
    );
  }

  /** Up and stable, in the same way, or by a resume. */
  up(): this {
    return this.identifying()
      .tell(
        { type: 'gateway.ready', session },
        { type: 'gateway.resumed', sequence: null },
        { type: 'gateway.acknowledged', latencyMs: 20 },
      )
      .wait(5_000);
  }

  /** Loses the connection, and waits until the next is made. */
  drop(code = 4000, reason = ''): this {
    this.tell({ type: 'socket.closed', code, reason, sequence: null, retryAfterMs: null });
    return this.wait(100_000);
  }

  wait(ms: number): this {
    this.clock.increment(ms);
    return this;
  }
}

/** What leads on from where a shard is. */
const progress = (recording: Recording, random: () => number): ShardEvent | number => {
  const { value } = recording.actor.getSnapshot();
  if (typeof value === 'string') return 130_000;
  const where = JSON.stringify(value);
  if (where.includes('Offline')) return { type: 'connect', session: null };
  if (where.includes('opening')) return { type: 'socket.opened' };
  if (where.includes('awaitingHello')) return { type: 'gateway.hello', heartbeatIntervalMs: 41_250 };
  if (where.includes('awaitingSlot')) return { type: 'slot.granted' };
  if (where.includes('awaitingReady')) return { type: 'gateway.ready', session };
  if (where.includes('replaying')) {
    if (random() < 0.3) return { type: 'gateway.resumed', sequence: 20 + whole(random, 50) };
    return { type: 'gateway.replayed', sequence: whole(random, 20) };
  }
  if (where.includes('closing')) return random() < 0.5 ? closed(random) : 2_000;
  return { type: 'gateway.acknowledged', latencyMs: whole(random, 90) };
};

const closed = (random: () => number): ShardEvent => {
  const codes = [1000, 1001, 1006, 4000, 4003, 4007, 4008, 4009, 4242, 4900];
  return {
    type: 'socket.closed',
    code: codes[whole(random, codes.length)] ?? 4000,
    reason: 'why',
    sequence: random() < 0.5 ? whole(random, 99) : null,
    retryAfterMs: random() < 0.2 ? whole(random, 20_000) : null,
  };
};

/** What may happen besides, wherever it is. */
const happenings: readonly ((random: () => number) => ShardEvent | number)[] = [
  closed,
  (random) => [1, 100, 1_000, 5_000, 20_000, 130_000][whole(random, 6)] ?? 0,
  () => ({ type: 'reconnect' }),
  () => ({ type: 'reinstantiate' }),
  () => ({ type: 'identify' }),
  () => ({ type: 'disconnect', code: 4900, reason: 'asked' }),
  (random) => ({ type: 'close', code: random() < 0.5 ? 1000 : 4900, reason: 'asked' }),
  () => ({ type: 'abort', code: 4900, reason: 'asked' }),
  (random) => ({ type: 'send', ticket: { id: whole(random, 99), priority: false, presence: false } }),
  () => ({ type: 'socket.closing', sequence: 12 }),
  () => ({ type: 'socket.corrupted', reason: 'bad block' }),
  () => ({ type: 'socket.settled' }),
  () => ({ type: 'gateway.reconnect' }),
  (random) => ({ type: 'gateway.invalidSession', resumable: random() < 0.5 }),
  () => ({ type: 'gateway.heartbeatRequested' }),
  () => ({ type: 'slot.expired' }),
  () => ({ type: 'slot.failed', reason: 'limiter down' }),
];

const whole = (random: () => number, below: number) => Math.floor(random() * below);

export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    const next = nextRandom(state);
    state = next.seed;
    return next.value;
  };
}

interface Walk {
  seed: number;
  steps: number;
  shards?: number;
  /** What they are started with, a shard each. */
  inputs?: readonly Partial<ShardInput>[];
}

/** Runs shards through random events; records all transitions in order. The same seed gives the same story. */
export function randomWalk({ seed, steps, shards: count = 1, inputs }: Walk) {
  const shards = inputs?.length ?? count;
  const random = randomOf(seed);
  const told: TransitionRecord[] = [];
  const recordings = Array.from({ length: shards }, (_, shardId) => {
    const recording = new Recording({
      shardId,
      seed: seed + shardId,
      autoReconnect: shardId % 5 !== 4,
      ...inputs?.[shardId],
    });
    return recording.on('transition', (record) => told.push(record));
  });
  for (let step = 0; step < steps; step += 1) {
    const recording = recordings[whole(random, shards)] as Recording;
    const anything = happenings[whole(random, happenings.length)] ?? (() => 0);
    const happening = random() < 0.7 ? progress(recording, random) : anything(random);
    if (random() < 0.1) recording.sequence = (recording.sequence ?? 0) + whole(random, 5);
    if (typeof happening === 'number') recording.wait(happening);
    else recording.tell(happening);
  }
  if (random() < 0.5) recordings[0]?.tell({ type: 'shutdown', code: 1000, reason: 'asked' }).wait(5_000);
  for (const { actor } of recordings) actor.stop();
  return { told, recordings };
}

/** The same records as a run of a log has them, line by line. */
export function asLines(records: readonly TransitionRecord[], after: string | null = null): string[] {
  const lines = new Lines(after);
  const lives = new Lives();
  const source = {};
  return records.map((record) => {
    const life = lives.of(source, record);
    const line = lines.next(record, life);
    lines.taken(life);
    return line;
  });
}

export const asLog = (records: readonly TransitionRecord[], after: string | null = null): AuditRecord[] =>
  asLines(records, after).map((line) => JSON.parse(line) as AuditRecord);

/** The records without some of their properties. */
export function without(records: readonly AuditRecord[], ...fields: (keyof AuditRecord)[]): AuditRecord[] {
  return records.map((record) => {
    const kept = Object.entries(record).filter(([key]) => !fields.includes(key as keyof AuditRecord));
    return Object.fromEntries(kept) as unknown as AuditRecord;
  });
}
