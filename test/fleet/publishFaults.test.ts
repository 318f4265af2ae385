import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/fleet/keys.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import type { RedisClient } from '../../src/fleet/redis/redisClient.js';
import { Scripts } from '../../src/fleet/redis/script.js';
import { frame, idsOf, mark, PublishRig, session, SHARD, TestPublisher } from './publishRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

/** Faults of a connection. A late one repeats a command when others have run since. */
type Fault = 'unsent' | 'answerLost' | 'late';

/** A client whose next commands fail as `faults` says. */
class FaultyClient implements RedisClient {
  readonly faults: Fault[] = [];
  readonly #client: RedisClient;
  readonly #late: (() => Promise<unknown>)[] = [];

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async command(...command: Parameters<RedisClient['command']>): Promise<unknown> {
    const fault = this.faults.shift();
    if (fault === 'unsent') throw new Error('connection refused');
    const answer = await this.#client.command(...command);
    if (fault === 'late') this.#late.push(() => this.#client.command(...command));
    if (fault !== undefined) throw new Error('connection lost');
    return answer;
  }

  async repeatLate(): Promise<void> {
    for (const repeat of this.#late.splice(0)) await repeat();
  }

  duplicate(...[onError]: Parameters<RedisClient['duplicate']>): RedisClient {
    return this.#client.duplicate(onError);
  }

  close(): void {
    this.#client.close();
  }
}

/** A gateway with one shard: sessions with all their events. */
class Gateway {
  readonly #lengths = new Map<string, number>();

  begin(): string {
    const id = `s-${this.#lengths.size + 1}`;
    this.#lengths.set(id, 1);
    return id;
  }

  /** Sequences of the next events. */
  send(id: string, count: number): number {
    const length = this.length(id) + count;
    this.#lengths.set(id, length);
    return length;
  }

  length(id: string): number {
    return this.#lengths.get(id) as number;
  }

  sessionOf(wanted: string): string {
    return [...this.#lengths.keys()].find((id) => mark(id) === wanted) as string;
  }
}

type Step =
  | { type: 'events'; count: number }
  | { type: 'newSession' | 'takeOver' | 'hold' | 'flow' | 'wait' | 'save' | 'rollBack' | 'repeatLate' }
  | { type: 'fault'; fault: Fault };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('events' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('newSession', 'takeOver', 'hold', 'flow', 'wait', 'save', 'rollBack', 'repeatLate'),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('unsent', 'answerLost', 'late'),
    }),
  },
);

type Entry = Awaited<ReturnType<PublishRig['stream']>>[0];

function byGeneration(entries: readonly Entry[]): Map<number, Entry[]> {
  const generations = new Map<number, Entry[]>();
  for (const entry of entries) {
    const generation = Number(entry.id.split('-')[0]);
    generations.set(generation, [...(generations.get(generation) ?? []), entry]);
  }
  return generations;
}

describe.runIf(hasRedis)('ShardPublisher against faults of the connection, takeovers and rollbacks', () => {
  let redis: RedisServer;
  let client: RedisClient;
  beforeAll(async () => {
    redis = await RedisServer.start();
    client = await openRedis(redis.url, () => {});
  });
  afterAll(async () => {
    client?.close();
    await redis?.[Symbol.asyncDispose]();
  });

  let runs = 0;

  /** The shard's owner, what it hears, and the fleet around it. */
  class Fleet {
    readonly #name = `faults-${(runs += 1)}`;
    readonly #keys = keysOf(this.#name);
    readonly #gateway = new Gateway();
    readonly #client = new FaultyClient(client);
    readonly #publishers: TestPublisher[] = [];
    readonly rig = new PublishRig(redis, this.#name);
    #epoch = 0;
    #session: string | null = null;
    #askedForHole = 0;

    get publisher(): TestPublisher {
      return this.#publishers.at(-1) as TestPublisher;
    }

    async step(step: Step): Promise<void> {
      switch (step.type) {
        case 'events':
          return this.#send(step.count);
        case 'newSession':
          return this.#begin();
        case 'takeOver':
          return this.takeOver();
        case 'hold':
          return this.publisher.hold();
        case 'flow':
          return this.publisher.flow();
        case 'wait':
          return void (await this.publisher.flushed(20));
        case 'fault':
          return void this.#client.faults.push(step.fault);
        case 'repeatLate':
          return this.#client.repeatLate();
        case 'save':
          return this.#copy(this.#keys.positions, this.#keys.stream(SHARD), 'saved');
        case 'rollBack':
          return this.#copy(`${this.#keys.positions}:saved`, `${this.#keys.stream(SHARD)}:saved`, '');
      }
    }

    /** Another worker claims the shard; the one before it has not noticed. */
    async takeOver(): Promise<void> {
      const epoch = (this.#epoch += 1);
      const owner = `w-${epoch}/abc`;
      await this.rig.own(epoch, owner);
      const publisher = new TestPublisher(
        {
          scripts: new Scripts(this.#client, 5_000),
          keys: this.#keys,
          key: SHARD,
          owner,
          epoch: () => epoch,
          maxLength: 100_000,
        },
        () => {},
      );
      this.#publishers.push(publisher);
      publisher.flow();
      await this.#open();
    }

    /** The shard resumes the session that Redis has, or identifies. */
    async #open(): Promise<void> {
      const [, sequence, known] = (await this.rig.position())?.split(' ') ?? [];
      if (known === undefined) return this.#begin();
      this.#session = this.#gateway.sessionOf(known);
      this.publisher.startFrom(session(this.#session, Number(sequence)));
      this.publisher.takeRange(Number(sequence) + 1, this.#gateway.length(this.#session));
    }

    #begin(): void {
      this.#session = this.#gateway.begin();
      this.publisher.begin(this.#session, 1);
    }

    /** The owner before the last one is late to notice, and hears some of it too. */
    #send(count: number): void {
      const id = this.#session as string;
      const from = this.#gateway.length(id) + 1;
      const to = this.#gateway.send(id, count);
      for (const publisher of this.#publishers.slice(-2)) publisher.takeRange(from, to);
    }

    async #copy(positions: string, stream: string, suffix: string): Promise<void> {
      const isRollBack = suffix === '';
      const target = (key: string) => (isRollBack ? key.replace(/:saved$/, '') : `${key}:${suffix}`);
      if (isRollBack && (await redis.command('EXISTS', positions, stream)) !== 2) return;
      const copy = `redis.call('COPY', KEYS[1], KEYS[2], 'REPLACE') redis.call('COPY', KEYS[3], KEYS[4], 'REPLACE')`;
      await redis.command('EVAL', copy, '4', positions, target(positions), stream, target(stream));
    }

    /** Everything works again: what is still missing comes. */
    async settle(): Promise<void> {
      this.#client.faults.length = 0;
      this.publisher.flow();
      this.#send(1);
      for (let round = 0; round < 5; round += 1) {
        await this.publisher.flushed(5_000);
        if (this.publisher.calls.holes === this.#askedForHole) return;
        this.#askedForHole = this.publisher.calls.holes;
        await this.#open();
      }
    }

    /** What Redis lost of an earlier owner's events, and a RESUME could not bring, is a gap, or a warning where the number is not known. */
    async check(mayLose: boolean): Promise<void> {
      const gaps = this.#publishers.flatMap((publisher) => publisher.gaps);
      if (!mayLose) expect(gaps).toEqual([]);
      const isUncertain = this.#publishers.some(({ warnings }) =>
        warnings.some((line) => line.includes('may be missing')),
      );
      if (!mayLose) expect(isUncertain).toBe(false);
      const isTold = (sequence: number) =>
        isUncertain || gaps.some(({ from, to }) => from <= sequence && sequence <= to);
      const marks: string[] = [];
      for (const [generation, events] of byGeneration(await this.rig.stream())) {
        const [first] = events as [Entry];
        const ids = events.map(({ id }) => id);
        const length = this.#gateway.length(this.#gateway.sessionOf(first.mark));
        const expected = idsOf(generation, 1, length).filter((id, index) => ids.includes(id) || !isTold(index + 1));
        expect(ids).toEqual(expected);
        for (const { id, mark: other, text } of events) {
          const sequence = Number(id.split('-')[1]);
          expect(other).toBe(first.mark);
          if (sequence > 1) expect(text).toBe(frame(sequence));
        }
        marks.push(first.mark);
      }
      expect(marks).toEqual([...new Set(marks)]);
      expect(marks.at(-1)).toBe(mark(this.#session as string));
    }

    stop(): void {
      for (const publisher of this.#publishers) publisher.stop();
    }
  }

  test('each session in the stream is whole, in order and there once', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
        const fleet = new Fleet();
        try {
          await fleet.takeOver();
          for (const next of steps) await fleet.step(next);
          await fleet.settle();
          const has = (type: Step['type']) => steps.some((other) => other.type === type);
          await fleet.check(has('takeOver') && has('rollBack'));
        } finally {
          fleet.stop();
        }
      }),
      { numRuns: Number(process.env['PUBLISH_RUNS'] ?? 100), endOnFailure: false },
    );
  });
});
