import type { Session } from '../../protocol/session.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/messageOf.js';
import { within } from '../../util/within.js';
import type { FleetKeys } from '../keys.js';
import { markOfSession } from '../markOfSession.js';
import type { Scripts } from '../redis/script.js';
import type { ShardKey } from '../shardKey.js';
import { dispatchHeadOf } from './dispatchHead.js';
import { KeptEvents, type KeptEvent, type KeptEventsLimits } from './keptEvents.js';
import { publishScript, type PublishAnswer } from './publishScript.js';

/** Sequences, both included, that are not in the stream. */
export interface SequenceGap {
  readonly from: number;
  readonly to: number;
}

export interface ShardPublisherDeps {
  readonly scripts: Scripts;
  readonly keys: Pick<FleetKeys, 'owners' | 'positions' | 'stream'>;
  readonly key: ShardKey;
  /** `WORKER/INSTANCE` */
  readonly owner: string;
  readonly epoch: () => number;
  /** Entries that the stream keeps, about. */
  readonly maxLength: number;
  /** Redis does not take the shard for this worker's: nothing is published until `flow`. */
  readonly onFenced: () => void;
  /** Events are missing: only a RESUME from the session that Redis has may bring them. Called again with each event until `startFrom`. */
  readonly onHole: () => void;
  /** Events that will never come; the stream goes on behind them. */
  readonly onGap: (gap: SequenceGap) => void;
  readonly logger: Logger;
  readonly limits?: KeptEventsLimits;
}

export interface PublisherStats {
  /** Events that Redis has confirmed, repeated ones included. */
  readonly published: number;
  /** Events that are kept until Redis has confirmed them. */
  readonly waiting: number;
}

/** The part of a shard that is listened to. */
interface EventSource {
  on(name: 'raw', listener: (text: string) => void): unknown;
  on(name: 'ready', listener: (data: { readonly session_id: string }) => void): unknown;
}

/** Session and sequence of the event that was published last. */
interface Position {
  readonly mark: string;
  readonly sequence: number;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/**
 * Publishes the events of one shard that this worker owns to its stream: each once and in order, whatever happens to Redis.
 * One script is under way at a time, and takes what has come since the last one. What Redis has not confirmed is kept.
 */
export class ShardPublisher {
  readonly #deps: ShardPublisherDeps;
  readonly #kept: KeptEvents;
  #source: EventSource | null = null;
  /** Mark of the session under way; null before the first. */
  #mark: string | null = null;
  /** Sequence of the last event that was taken, of that session. */
  #last = 0;
  /** The gateway has been asked by a RESUME for what follows on this sequence: it has nothing between that and what it sends. */
  #askedFrom: number | null = null;
  /** Events that came and could not be taken, because others before them are missing. */
  #hole: SequenceGap | null = null;
  /** READY, which counts only once the shard has accepted it. */
  #ready: { readonly sequence: number; readonly text: string } | null = null;
  /** Position in Redis, as far as this publisher knows. */
  #position: Position = { mark: '', sequence: 0 };
  #isHeld = true;
  #isStopped = false;
  #isRunning = false;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #published = 0;
  /** Called when nothing waits any more. */
  #onDrained: (() => void)[] = [];

  constructor(deps: ShardPublisherDeps) {
    this.#deps = deps;
    this.#kept = new KeptEvents(deps.limits);
  }

  get stats(): PublisherStats {
    return { published: this.#published, waiting: this.#kept.waiting };
  }

  /** Listens to a shard that connects with this session, the one that Redis has. The shard before it is not heard any more. */
  follow(source: EventSource, session: Session | null): void {
    this.#source = source;
    this.startFrom(session);
    source.on('raw', (text) => this.#source === source && this.take(text));
    source.on('ready', ({ session_id }) => this.#source === source && this.onReady(session_id));
  }

  /** The shard resumes this session, after its sequence; null where it identifies. */
  startFrom(session: Session | null): void {
    this.#ready = null;
    if (session === null) return;
    const mark = markOfSession(session.id);
    if (mark !== this.#mark) {
      // The session that Redis has covers the same time: its events would be there twice.
      this.#forget((other) => other !== mark, 'the shard resumes an earlier session');
      this.#mark = mark;
      this.#last = 0;
    }
    const { sequence } = session;
    this.#position = { mark, sequence };
    const next = this.#kept.rewind(mark, sequence);
    if (next === null ? this.#last !== sequence : next.after > sequence) {
      this.#kept.forget((other) => other === mark);
      this.#last = sequence;
    }
    this.#askedFrom = this.#last;
    this.#hole = null;
    this.#run();
  }

  /** A new session has begun with the READY that was taken last. */
  onReady(sessionId: string): void {
    if (this.#hole !== null) this.#deps.onGap(this.#hole);
    this.#hole = null;
    this.#askedFrom = null;
    this.#mark = markOfSession(sessionId);
    const { sequence = 1, text = null } = this.#ready ?? {};
    this.#ready = null;
    this.#last = sequence;
    if (text === null) return;
    this.#kept.push({ mark: this.#mark, sequence, after: sequence - 1, isFirst: true, text });
    this.#run();
  }

  /** Takes a frame as the gateway sent it. Frames that are not events are ignored, and so are events that were taken before. */
  take(text: string): void {
    const head = dispatchHeadOf(text);
    if (head === null || this.#isStopped) return;
    const { t, s: sequence } = head;
    if (t === 'READY') {
      this.#ready = { sequence, text };
      return;
    }
    const mark = this.#mark;
    if (mark === null) return;
    const last = this.#last;
    if (sequence <= last) return;
    if (this.#kept.isFull) this.#onFull();
    const isNext = sequence === last + 1;
    if (this.#kept.isFull || (!isNext && this.#askedFrom !== last)) return this.#onMissing(last + 1, sequence);
    if (!isNext) this.#deps.onGap({ from: last + 1, to: sequence - 1 });
    this.#kept.push({ mark, sequence, after: last, isFirst: false, text });
    this.#last = sequence;
    this.#hole = null;
    this.#run();
  }

  /** Publishes nothing, and keeps what comes. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Publishes what was kept and what comes. */
  flow(): void {
    this.#isHeld = false;
    this.#endPause();
    this.#run();
  }

  /** Resolves with true once Redis has confirmed all that was taken, and with false where it has not within `limitMs`. */
  async flushed(limitMs: number): Promise<boolean> {
    if (this.#kept.waiting === 0) return true;
    try {
      await within(limitMs, new Promise<void>((resolve) => this.#onDrained.push(resolve)));
      return !this.#isStopped;
    } catch {
      return false;
    }
  }

  /** Takes and publishes nothing any more. What waits is forgotten. */
  stop(): void {
    this.#isStopped = true;
    this.#source = null;
    this.#endPause();
    this.#kept.forget(() => true);
    this.#reportDrained();
  }

  /** What is not kept is brought by a RESUME later, as far as the gateway still has it. */
  #onFull(): void {
    this.#askedFrom = null;
    if (this.#hole !== null) return;
    const { logger, key } = this.#deps;
    logger.warn(`shard ${key}: ${this.#kept.waiting} events wait for Redis, and no more are kept`);
  }

  #onMissing(from: number, to: number): void {
    this.#hole = { from, to };
    this.#askForHole();
  }

  /** What was kept comes first: the RESUME goes on from the position in Redis. */
  #askForHole(): void {
    if (this.#hole !== null && !this.#isHeld && this.#kept.waiting === 0) this.#deps.onHole();
  }

  #run(): void {
    if (this.#isRunning || this.#isHeld || this.#isStopped || this.#retry !== null) return;
    this.#isRunning = true;
    void this.#publishAll();
  }

  async #publishAll(): Promise<void> {
    // The frames of one read of the socket go out together.
    await Promise.resolve();
    while (this.#kept.waiting > 0 && !this.#isHeld && this.#retry === null) {
      try {
        // A client may keep what it could not send: after a failure it gets one event at a time.
        await this.#publish(this.#kept.next(this.#failures === 0 ? undefined : 1));
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#isRunning = false;
    if (this.#kept.waiting > 0) return;
    this.#reportDrained();
    this.#askForHole();
  }

  async #publish(batch: readonly KeptEvent[]): Promise<void> {
    const { scripts, keys, key, maxLength } = this.#deps;
    const { mark, after, isFirst } = batch[0] as KeptEvent;
    const claim = this.#claim;
    const beginsAt = isFirst ? `${this.#position.mark} ${this.#position.sequence}` : '';
    const args: (string | number)[] = [key, claim, mark, after, beginsAt, maxLength];
    for (const { sequence, text } of batch) args.push(sequence, text);
    const run = scripts.run(publishScript, [keys.owners, keys.positions, keys.stream(key)], args);
    const [answer, known, sequence] = (await run) as PublishAnswer;
    if (this.#isStopped) return;
    this.#failures = 0;
    switch (String(answer) as PublishAnswer[0]) {
      case 'published': {
        const last = batch.at(-1) as KeptEvent;
        this.#position = { mark, sequence: last.sequence };
        this.#published += batch.length;
        return this.#kept.onPublished(last);
      }
      case 'fenced':
        // The epoch may have risen since.
        if (claim !== this.#claim) return;
        this.hold();
        return this.#deps.onFenced();
      case 'refused':
        return this.#goOnFrom({ mark: String(known), sequence: Number(sequence) });
    }
  }

  get #claim(): string {
    return `${this.#deps.owner} ${this.#deps.epoch()}`;
  }

  /** Redis has another position than the events follow: it has lost its last writes, or another session. */
  #goOnFrom(position: Position): void {
    const { mark, sequence } = position;
    const supposed = this.#position;
    this.#position = position;
    const { waiting } = this.#kept;
    const next = this.#kept.rewind(mark, sequence);
    if (next === null) return;
    const { onGap, logger, key } = this.#deps;
    const again = this.#kept.waiting - waiting;
    if (again > 0) logger.warn(`shard ${key}: Redis has lost its last writes, ${again} events are published again`);
    if (next.mark !== mark) {
      this.#kept.amendNext({ isFirst: true });
      // Another worker published what is missing, and the session has ended.
      if (supposed.mark === mark && supposed.sequence > sequence) {
        onGap({ from: sequence + 1, to: supposed.sequence });
      } else if (supposed.mark !== '' && mark !== '' && !this.#kept.has(mark)) {
        logger.warn(`shard ${key}: Redis has gone back to an earlier session, the last events of which may be missing`);
      }
      // An empty Redis has lost what was published, and no more.
      if (mark !== '' && !next.isFirst && next.after > 0) onGap({ from: 1, to: next.after });
    } else if (next.after > sequence && mark === this.#mark) {
      this.#hole = { from: sequence + 1, to: this.#last };
      this.#last = sequence;
      this.#askedFrom = null;
      this.#kept.forget((other) => other === mark);
    } else if (next.after > sequence) {
      // A session that has ended brings nothing any more.
      this.#kept.amendNext({ after: sequence });
      onGap({ from: sequence + 1, to: next.after });
    }
  }

  #onFailure(error: unknown): void {
    this.#failures += 1;
    const { logger, key } = this.#deps;
    if (this.#failures === 1) {
      logger.warn(`shard ${key}: events are kept until Redis takes them: ${messageOf(error)}`);
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#run();
    }, pauseMs).unref();
  }

  #endPause(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #forget(isGone: (mark: string) => boolean, why: string): void {
    const { logger, key } = this.#deps;
    const count = this.#kept.forget(isGone);
    if (count > 0) logger.warn(`shard ${key}: ${count} events that were not published are dropped: ${why}`);
  }

  #reportDrained(): void {
    for (const onDrained of this.#onDrained) onDrained();
    this.#onDrained = [];
  }
}
