import { ShardError } from '../../util/errors.js';
import { within } from '../../util/within.js';
import type { FleetKeys } from '../keys.js';
import type { RedisClient } from '../redis/redisClient.js';
import type { ShardKey } from '../shardKey.js';
import { Acknowledger } from './acknowledger.js';
import { Deliveries, type Delivery } from './deliveries.js';
import type { GroupMember } from './groupMember.js';
import { pause } from './pause.js';
import { readEntries, readStreams, type StreamEntry } from './streamEntries.js';

export interface GroupReaderDeps {
  readonly client: RedisClient;
  readonly member: GroupMember;
  readonly keys: FleetKeys;
  readonly group: string;
  readonly consumer: string;
  readonly idleMs: number;
  readonly ended: AbortSignal;
  /** An event to be handed out; one that is not wanted is marked as acknowledged. */
  readonly onDelivery: (key: ShardKey, delivery: Delivery) => void;
}

/** A stream that this consumer reads, or has read. */
export interface Stream {
  readonly key: ShardKey;
  readonly deliveries: Deliveries;
  /** Read and acknowledged by this consumer alone. */
  isHeld: boolean;
  /** When another member began to wait for it; null while none does. */
  givenAt: number | null;
  /** Entries that are delivered in Redis, to this consumer or one before it, are asked for first. */
  isPendingUnread: boolean;
}

/** Most entries that are read and not acknowledged. */
const MAX_OPEN = 1_000;
/** Most entries of one stream in one reading. */
const MAX_READ = 100;
/** Wait for room while so many are open. */
const FULL_MS = 5;
const LEAVE_MS = 1_000;
const RETRY_MS = 250;
/** Time that an answer may take, beyond what it was asked to wait. */
const ANSWER_MS = 3_000;

/** Reads the streams that are its share, one command at a time, through outages of Redis, until it ends. */
export class GroupReader {
  readonly #deps: GroupReaderDeps;
  readonly #streams = new Map<ShardKey, Stream>();
  readonly #acknowledger: Acknowledger;
  /** For readings that block; a new one after each failure, so that no late answer takes entries along. */
  #reader: RedisClient | null = null;
  #beatAt = -Infinity;
  #sweptAt = performance.now();

  constructor(deps: GroupReaderDeps) {
    this.#deps = deps;
    const { client, keys, group, ended } = deps;
    this.#acknowledger = new Acknowledger({ client, keys, group, ended, streams: this.#streams });
  }

  /** Reads until `ended`, then leaves the group. */
  async run(): Promise<void> {
    while (!this.#isEnded) {
      try {
        await this.#beat();
        await this.#claimPending();
        await this.#read();
      } catch {
        // Redis is away, or lost the groups: the next beat makes them again.
        this.#reader?.close();
        this.#reader = null;
        this.#beatAt = -Infinity;
        for (const stream of this.#streams.values()) stream.isPendingUnread = true;
        await pause(RETRY_MS, this.#deps.ended);
      }
    }
    await this.#leave();
  }

  /** Says that an event that was handed out is done. Resolves when Redis has it. */
  acknowledge(delivery: Delivery): Promise<void> {
    delivery.state = 'acknowledged';
    this.#acknowledger.send();
    return delivery.confirmed;
  }

  get #beatMs(): number {
    return Math.min(1_000, Math.floor(this.#deps.idleMs / 8));
  }

  /** Longest wait for events: changes of the share take effect after it. */
  get #blockMs(): number {
    return Math.min(500, this.#beatMs);
  }

  get #held(): readonly Stream[] {
    return [...this.#streams.values()].filter(({ isHeld }) => isHeld);
  }

  get #isEnded(): boolean {
    return this.#deps.ended.aborted;
  }

  async #leave(): Promise<void> {
    this.#reader?.close();
    const left = this.#acknowledger.finish().then(() => this.#deps.member.leave());
    await within(LEAVE_MS, left).catch(() => {});
    for (const { deliveries } of this.#streams.values()) {
      deliveries.fail(new ShardError('CLOSED', 'The consumer has ended before Redis knew of this acknowledgement.'));
    }
  }

  /** Takes part in the sharing of the streams. */
  async #beat(): Promise<void> {
    this.#release();
    if (performance.now() - this.#beatAt < this.#beatMs) return;
    const sentAt = performance.now();
    const { owned, give } = await this.#deps.member.beat(this.#held.map(({ key }) => key));
    this.#beatAt = sentAt;
    for (const stream of this.#held) if (!owned.includes(stream.key)) this.#drop(stream);
    for (const key of owned) this.#own(key, give.includes(key));
  }

  #own(key: ShardKey, isGiven: boolean): void {
    const stream = this.#streams.get(key) ?? {
      key,
      deliveries: new Deliveries(),
      isHeld: false,
      givenAt: null,
      isPendingUnread: true,
    };
    this.#streams.set(key, stream);
    if (!stream.isHeld || (stream.givenAt !== null && !isGiven)) stream.isPendingUnread = true;
    stream.isHeld = true;
    if (isGiven && stream.givenAt === null) stream.deliveries.dropWaiting();
    stream.givenAt = isGiven ? (stream.givenAt ?? performance.now()) : null;
  }

  #drop(stream: Stream): void {
    stream.isHeld = false;
    stream.givenAt = null;
    stream.deliveries.dropWaiting();
  }

  /** Lets go of streams that another waits for, once what was handed out is acknowledged, or after some time. */
  #release(): void {
    for (const stream of this.#held) {
      if (stream.givenAt === null) continue;
      if (stream.deliveries.size > 0 && performance.now() - stream.givenAt < this.#deps.idleMs) continue;
      this.#drop(stream);
      this.#beatAt = -Infinity;
    }
  }

  /** Takes what was delivered and not acknowledged, by a consumer before this one or in an answer that was lost. */
  async #claimPending(): Promise<void> {
    const { client, keys, group, consumer, idleMs } = this.#deps;
    if (performance.now() - this.#sweptAt > idleMs) {
      this.#sweptAt = performance.now();
      for (const stream of this.#held) stream.isPendingUnread = true;
    }
    for (const stream of this.#held) {
      if (!stream.isPendingUnread || stream.givenAt !== null) continue;
      const name = keys.stream(stream.key);
      let from = '0-0';
      do {
        const claim = ['XAUTOCLAIM', name, group, consumer, '0', from, 'COUNT', String(MAX_READ)];
        const [next, entries] = (await within(ANSWER_MS, client.command(name, claim))) as [unknown, unknown];
        this.#take(stream, readEntries(entries), true);
        from = String(next);
      } while (from !== '0-0' && !this.#isEnded);
      stream.isPendingUnread = false;
    }
  }

  async #read(): Promise<void> {
    const { client, keys, group, consumer } = this.#deps;
    const streams = this.#held.filter(({ givenAt }) => givenAt === null);
    const room = MAX_OPEN - this.#held.reduce((sum, { deliveries }) => sum + deliveries.size, 0);
    if (streams.length === 0 || room <= 0) return pause(room > 0 ? this.#blockMs : FULL_MS, this.#deps.ended);
    const names = streams.map(({ key }) => keys.stream(key));
    const count = Math.max(1, Math.min(MAX_READ, Math.floor(room / streams.length)));
    const options = ['GROUP', group, consumer, 'COUNT', String(count), 'BLOCK', String(this.#blockMs)];
    const command = ['XREADGROUP', ...options, 'STREAMS', ...names, ...names.map(() => '>')];
    this.#reader ??= client.duplicate(() => {});
    const answer = await within(this.#blockMs + ANSWER_MS, this.#reader.command(names[0] ?? '', command));
    for (const [name, entries] of readStreams(answer)) {
      const stream = streams[names.indexOf(name)];
      if (stream !== undefined) this.#take(stream, entries, false);
    }
  }

  #take(stream: Stream, entries: readonly StreamEntry[], isPending: boolean): void {
    for (const entry of entries) {
      const delivery = stream.deliveries.take(entry, isPending);
      if (delivery !== null) this.#deps.onDelivery(stream.key, delivery);
    }
    this.#acknowledger.send();
  }
}
