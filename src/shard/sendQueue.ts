import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { Ticket } from '../../machines/bucket.js';
import type { PayloadSource } from '../actors/socket.js';
import { ShardError } from '../util/errors.js';
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.js';
import { clientOpcodes, commandOpcodes, Opcode } from '../protocol/opcodes.js';
import { isWhole } from '../util/predicates.js';

/** A payload for the gateway, as a user may send it. */
export interface SendPayload {
  readonly op: number;
  readonly d: unknown;
}

export interface SendOptions {
  /** Before everything that has none. Default false. */
  priority?: boolean;
  /**
   * Withdraws the payload while it waits: `send` rejects with the signal's reason. One that is on its way to the network
   * already may arrive all the same.
   */
  signal?: AbortSignal;
  /**
   * True: sends an op that this release does not know, as it is. Ops 1, 2 and 6 stay the shard's own; length, order and rate
   * limit are as for every payload. Default false.
   */
  unchecked?: boolean;
}

interface Waiting {
  readonly op: number;
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Requests of the send queue to the chart. */
export interface SendQueueChart {
  /** Why the shard takes no payload now; null where it does. */
  refusal(): ShardError | null;
  queue(ticket: Ticket): void;
  cancel(id: number): void;
}

/** Holds what waits to be sent until the chart lets it go: the payloads here, their tickets in the chart. */
export class SendQueue implements PayloadSource {
  readonly max: number;
  readonly #chart: SendQueueChart;
  /** Null before the first payload: most shards never send. */
  #waiting: Map<number, Waiting> | null = null;
  #lastId = 0;
  /** `d` of the op 3 that was written last; null before the first. */
  presence: GatewayPresenceUpdateData | null = null;

  constructor(max: number, chart: SendQueueChart) {
    this.max = max;
    this.#chart = chart;
  }

  get size(): number {
    return this.#waiting?.size ?? 0;
  }

  /**
   * Resolves once the payload has been written to the socket.
   * @throws ShardError `INVALID_PAYLOAD`, `PAYLOAD_TOO_LARGE`, `QUEUE_FULL`, the chart's refusal, always as a rejection.
   */
  async send(payload: SendPayload, { priority = false, unchecked = false, signal }: SendOptions = {}): Promise<void> {
    const text = encode(payload, unchecked);
    signal?.throwIfAborted();
    const refusal = this.#chart.refusal();
    if (refusal !== null) throw refusal;
    if (this.size >= this.max) {
      throw new ShardError('QUEUE_FULL', `${this.max} payloads wait already. Send less, or raise queue.max.`, {
        value: this.max,
      });
    }
    const id = ++this.#lastId;
    const withdraw = () => {
      this.#chart.cancel(id);
      this.#take(id)?.reject(signal?.reason);
    };
    signal?.addEventListener('abort', withdraw, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        (this.#waiting ??= new Map()).set(id, { op: payload.op, text, resolve, reject });
        this.#chart.queue({ id, priority, presence: payload.op === Opcode.PresenceUpdate });
      });
    } finally {
      signal?.removeEventListener('abort', withdraw);
    }
  }

  text(id: number): string | undefined {
    return this.#waiting?.get(id)?.text;
  }

  sent(id: number): void {
    const waiting = this.#take(id);
    if (waiting?.op === Opcode.PresenceUpdate) {
      this.presence = (JSON.parse(waiting.text) as { d: GatewayPresenceUpdateData }).d;
    }
    waiting?.resolve();
  }

  /** Rejects everything that waits, and returns its opcodes. */
  rejectAll(error: unknown): number[] {
    const ops: number[] = [];
    for (const id of this.#waiting?.keys() ?? []) {
      this.#chart.cancel(id);
      const waiting = this.#take(id);
      if (waiting === undefined) continue;
      ops.push(waiting.op);
      waiting.reject(error);
    }
    return ops;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting?.get(id);
    this.#waiting?.delete(id);
    return waiting;
  }
}

/** @throws ShardError `INVALID_PAYLOAD` */
function checkOp(op: unknown, unchecked: boolean): void {
  if (commandOpcodes.has(op as number)) return;
  if (!unchecked) {
    throw new ShardError(
      'INVALID_PAYLOAD',
      `A payload is { op, d } with one of the ops ${[...commandOpcodes].join(', ')}. Pass { unchecked: true } for an op that is newer than this release.`,
      { value: op },
    );
  }
  if (!isWhole(op) || clientOpcodes.has(op)) {
    throw new ShardError(
      'INVALID_PAYLOAD',
      'An unchecked payload is { op, d } with any op but 1, 2 and 6, which the shard sends itself.',
      { value: op },
    );
  }
}

function encode(payload: SendPayload, unchecked: boolean): string {
  const op: unknown = (payload as SendPayload | null | undefined)?.op;
  checkOp(op, unchecked);
  let text: string;
  try {
    text = JSON.stringify({ op, d: payload.d ?? null });
  } catch (cause) {
    throw new ShardError('INVALID_PAYLOAD', 'The payload cannot be written as JSON.', { value: op, cause });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new ShardError(
      'PAYLOAD_TOO_LARGE',
      `The payload has ${bytes} bytes, the gateway takes ${MAX_PAYLOAD_BYTES}: it would close the connection (4002). Split it.`,
      { value: bytes },
    );
  }
  return text;
}
