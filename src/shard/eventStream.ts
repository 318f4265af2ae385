import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { AsyncQueue } from '../util/asyncQueue.js';
import { refuse, whole } from '../util/options.js';
import { FatalShardError, ShardError } from '../util/errors.js';

/** Options of `events()`. */
export interface EventStreamOptions {
  /** Ends the stream at once: the loop throws the signal's reason. */
  signal?: AbortSignal;
  /** How many dispatches may wait for the loop. Default 10 000. */
  buffer?: number;
  /**
   * What becomes of one more: `throw` (the default) ends the stream, and the loop throws a ShardError `BUFFER_OVERFLOW`
   * once it has read what waits; `drop-oldest` makes room and counts in `dropped`.
   */
  overflow?: 'throw' | 'drop-oldest';
}

/**
 * Dispatches as they come, from the call of `events()` on; everything is parsed until it ends. A manager's are pairs of
 * the dispatch and the id of the shard it is from.
 */
export interface EventStream<Event = GatewayDispatchPayload> extends AsyncIterableIterator<Event>, AsyncDisposable {
  /** How many were dropped because the loop was too slow. */
  readonly dropped: number;
  next(): Promise<IteratorResult<Event, undefined>>;
  return(): Promise<IteratorResult<Event, undefined>>;
  [Symbol.asyncIterator](): EventStream<Event>;
}

/** Where the events of a stream come from. Both functions return one that ends it. */
export interface EventSource<Event> {
  readonly onEvent: (listener: (event: Event) => void) => () => void;
  readonly onDown: (listener: () => void) => () => void;
  /** Why no dispatch will ever come again, or null. */
  readonly downForGood: () => ShardError | null;
}

const DEFAULT_BUFFER = 10_000;

/**
 * Opens a stream of dispatches. It outlives reconnects and `close()`, ends with the shard, and then leaves no listener.
 * @throws ShardError `INVALID_OPTION`
 */
export function openEventStream<Event>(
  { onEvent, onDown, downForGood }: EventSource<Event>,
  { signal, buffer = DEFAULT_BUFFER, overflow = 'throw' }: EventStreamOptions = {},
): EventStream<Event> {
  whole('buffer', buffer, { min: 1, meaning: 'how many dispatches may wait' });
  if (overflow !== 'throw' && overflow !== 'drop-oldest') {
    refuse('overflow', overflow, "'throw' or 'drop-oldest'");
  }
  const stream = new AsyncQueue<Event>({
    max: buffer,
    overflowed: overflow === 'throw' ? () => overflowError(buffer) : null,
    closed() {
      for (const end of endings) end();
      signal?.removeEventListener('abort', aborted);
    },
  });
  const ended = () => {
    const reason = downForGood();
    if (reason instanceof FatalShardError) stream.fail(reason);
    else if (reason !== null) stream.end();
  };
  const aborted = () => stream.abort(signal?.reason);

  const endings = [onEvent((event) => stream.push(event)), onDown(ended)];
  signal?.addEventListener('abort', aborted, { once: true });
  if (signal?.aborted === true) aborted();
  else ended();
  return stream;
}

const overflowError = (buffer: number) =>
  new ShardError(
    'BUFFER_OVERFLOW',
    `${buffer} dispatches waited for the loop, and one more came. Do less in it, raise \`buffer\`, name the events you need in the shard's option \`events\`, or choose overflow: 'drop-oldest'.`,
    { value: buffer },
  );
