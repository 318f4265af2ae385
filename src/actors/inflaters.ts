import { deflated, WINDOW_BYTES } from './deflateBlocks.js';
import { setWindow, windowOf } from './inflateWindow.js';
import type { RawInflate } from './rawInflate.js';

/** A stream that has an inflater of its own: when it last used that, and how to get it back, if it can. */
interface Owner {
  readonly lastUse: number;
  rest(): boolean;
}

/** How many are kept that nobody has: as many as large bots' sessions begin at once. */
const MOST_SPARE = 16;

/** A stream is quiet that brings less than one in fifty of what the others bring on average; not before so many messages. */
const QUIET_SHARE = 50;
const QUIET_USES = 2_000;

/** After a longer text another reads: it would keep a buffer of that size. */
const MOST_READ = 4 * 1024 * 1024;

const BLANK = deflated(Buffer.alloc(WINDOW_BYTES));
const MARK = 'shardchart';
const MARKED = deflated(Buffer.from(MARK));

/**
 * The inflaters of a process: one that reads for all streams that bring little, and those of streams that bring much.
 *
 * They are handed on, and not left to be collected: V8 does not know of the memory zlib-sync allocates, and what is freed
 * among other allocations stays with the process.
 */
export class Inflaters {
  readonly #make: () => RawInflate;
  readonly #makeReader: () => RawInflate;
  #reader: RawInflate | null = null;
  #longestRead = 0;
  readonly #spare: RawInflate[] = [];
  readonly #owners = new Set<Owner>();
  /** How many messages streams have inflated with their own. */
  uses = 0;

  /** The second makes the one that reads, where another is better at telling its window. */
  constructor(make: () => RawInflate, makeReader = make) {
    this.#make = make;
    this.#makeReader = makeReader;
  }

  /**
   * The text of a message on a stream that these blocks bring to where it is. What they do not say is blank to the
   * reader: it cannot tell another stream's text.
   * @throws Error if the data is corrupt.
   */
  read(past: Buffer, message: Buffer): string {
    const reader = this.#soundReader();
    reader.feed(BLANK);
    if (past.length > 0) reader.feed(past);
    return this.#read(reader, message);
  }

  /** The text of a message on a stream with this window. */
  readAfter(window: Buffer, message: Buffer): string {
    const reader = this.#soundReader();
    setWindow(reader, window);
    return this.#read(reader, message);
  }

  /**
   * The window of the stream whose message was read last.
   * @throws Error if the message ends within a block: only one between blocks can be gone on with.
   */
  windowRead(): Buffer {
    const window = windowOf(this.#reader as RawInflate);
    if (window === null) throw new Error('a message that ends within a block');
    return window;
  }

  /** One that goes on with this window. The stream that has been quiet the longest gives its own for it. */
  own(owner: Owner, window: Buffer): RawInflate {
    if (this.#spare.length === 0) this.#restQuietest();
    this.#owners.add(owner);
    const inflater = this.#spare.pop() ?? this.#make();
    setWindow(inflater, window);
    return inflater;
  }

  /** Kept for others, unless it stands within a block: it would read theirs as its own. */
  disown(owner: Owner, inflater: RawInflate): void {
    this.#owners.delete(owner);
    const isKept = this.#spare.length < MOST_SPARE && !inflater.isLarge && isBetweenBlocks(inflater);
    if (isKept) this.#spare.push(inflater);
    else inflater.close();
  }

  #read(reader: RawInflate, message: Buffer): string {
    const text = reader.inflate(message);
    if (text.length > this.#longestRead) this.#longestRead = text.length;
    return text;
  }

  #soundReader(): RawInflate {
    const reader = this.#reader;
    if (reader !== null && this.#longestRead <= MOST_READ && isBetweenBlocks(reader)) return reader;
    reader?.close();
    this.#longestRead = 0;
    return (this.#reader = this.#makeReader());
  }

  #restQuietest(): void {
    for (let quiet = this.#quietest(); quiet !== null && !quiet.rest(); quiet = this.#quietest());
  }

  #quietest(): Owner | null {
    let quietest: Owner | null = null;
    let lastUse = this.uses - Math.max(QUIET_USES, QUIET_SHARE * this.#owners.size);
    for (const owner of this.#owners) {
      if (owner.lastUse >= lastUse) continue;
      quietest = owner;
      ({ lastUse } = owner);
    }
    return quietest;
  }
}

function isBetweenBlocks(inflater: RawInflate): boolean {
  try {
    return inflater.inflate(MARKED) === MARK;
  } catch {
    return false;
  }
}
