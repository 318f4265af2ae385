/** The target of a log's lines. It never throws into the shard that caused them. */
export interface Sink {
  /** Length of what waits to be written; Infinity once nothing can be written any more. */
  readonly waitingBytes: number;
  /** Checksum of the last whole line that was there before this log; null where there was none. */
  readonly after: string | null;
  /** Takes a line, with its line feed. */
  write(line: string): void;
  /** True where a line of so many bytes belongs into the next file, and begins a run there. */
  isFull(bytes: number): boolean;
  /** Lines written from now on belong into the next file. */
  rotate(): void;
  /** Writes what waits, then lets go of the target. */
  close(): Promise<void>;
}
