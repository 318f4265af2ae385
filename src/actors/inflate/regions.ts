import { InflateMemory, NO_ROOM, WINDOW_BYTES } from './wasmMemory.js';

/** What a region has for the texts of a few messages besides the window. The window is moved when it is full. */
const REGION_BYTES = WINDOW_BYTES + 16 * 1024;
const REGIONS_AT_ONCE = 16;

/** The longest message that is inflated in a region. */
const MOST_MESSAGE_BYTES = 4 * 1024;

/** How much longer most texts are than their messages. */
const USUAL_RATIO = 8;

/** Where the texts of one stream are: from `start` to `end`, the last 32 KiB or all there were. */
export interface Region {
  readonly start: number;
  end: number;
}

/** The memory of the streams of a process that bring much: 48 KiB each. */
export class InflateRegions {
  readonly #memory = new InflateMemory();
  readonly #first = this.#memory.heap + MOST_MESSAGE_BYTES;
  readonly #free: number[] = [];
  #made = 0;

  /** How many are in use. */
  get size(): number {
    return this.#made - this.#free.length;
  }

  /** One of a stream with this window. */
  take(window: Buffer): Region {
    const start = this.#free.pop() ?? this.#make();
    const region = { start, end: start };
    this.setWindow(region, window);
    return region;
  }

  /** It is another stream's from here on. */
  release({ start }: Region): void {
    this.#free.push(start);
  }

  /** Good until the next message is inflated. */
  windowOf({ start, end }: Region): Buffer {
    return this.#memory.bytes.subarray(Math.max(start, end - WINDOW_BYTES), end);
  }

  setWindow(region: Region, window: Buffer): void {
    this.#memory.bytes.set(window, region.start);
    region.end = region.start + window.length;
  }

  /**
   * The text of a message on this stream, which is good until the next one; null where that is too long for a region.
   * @throws Error if the data is invalid.
   */
  inflate(region: Region, message: Buffer): Buffer | null {
    const memory = this.#memory;
    const { length } = message;
    if (length > MOST_MESSAGE_BYTES) return null;
    const { heap, bytes } = memory;
    const { start } = region;
    const limit = start + REGION_BYTES - memory.overrun;
    if (region.end + length * USUAL_RATIO > limit) this.#moveWindow(region);
    bytes.set(message, heap);
    let end = memory.inflate(heap, heap + length, start, region.end, limit);
    if (end === NO_ROOM && this.#moveWindow(region)) {
      end = memory.inflate(heap, heap + length, start, region.end, limit);
    }
    if (end === NO_ROOM) return null;
    const text = bytes.subarray(region.end, end);
    region.end = end;
    return text;
  }

  /** Whether that made room. */
  #moveWindow(region: Region): boolean {
    const { start, end } = region;
    if (end - start <= WINDOW_BYTES) return false;
    this.#memory.bytes.copyWithin(start, end - WINDOW_BYTES, end);
    region.end = start + WINDOW_BYTES;
    return true;
  }

  #make(): number {
    const start = this.#first + this.#made * REGION_BYTES;
    if (start + REGION_BYTES > this.#memory.bytes.length) this.#memory.reserve(start + REGIONS_AT_ONCE * REGION_BYTES);
    this.#made += 1;
    return start;
  }
}
