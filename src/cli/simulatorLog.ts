import { Opcode } from '../protocol/opcodes.js';
import type { GatewaySimulator, LogEntry, RecordedFrame, Violation } from '../simulator/index.js';

/** Something on the simulator that a person wants to know of. */
export type Happening =
  | LogEntry
  | ({ readonly kind: 'violation' } & Violation)
  | ({ readonly kind: 'frame' } & Pick<
      RecordedFrame,
      'at' | 'connection' | 'shardId' | 'direction' | 'op' | 't' | 'd'
    >);

/** The log of a simulator as it grows, with its violations and the frames that make a session. */
export class Happenings {
  readonly #simulator: GatewaySimulator;
  #frames: Happening[] = [];
  #lastEntry: LogEntry | undefined;
  #lastViolation: Violation | undefined;

  constructor(simulator: GatewaySimulator) {
    this.#simulator = simulator;
    simulator.onFrame((frame) => {
      if (frameNames(frame) === null) return;
      const { at, connection, shardId, direction, op, t } = frame;
      // READY and IDENTIFY are long; of what a frame holds only what it says in one word is told.
      const d = typeof frame.d === 'boolean' ? frame.d : null;
      this.#frames.push({ kind: 'frame', at, connection, shardId, direction, op, t, d });
    });
  }

  /** What has happened since the last call, in order. */
  take(): Happening[] {
    const { log, violations } = this.#simulator;
    const entries = since(log, this.#lastEntry);
    const broken = since(violations, this.#lastViolation);
    this.#lastEntry = log.at(-1);
    this.#lastViolation = violations.at(-1);
    const frames = this.#frames;
    this.#frames = [];
    return [...entries, ...broken.map(asHappening), ...frames].toSorted((a, b) => a.at - b.at);
  }
}

function asHappening({ at, connection, shardId, rule, detail }: Violation): Happening {
  return { kind: 'violation', at, connection, shardId, rule, detail };
}

/** Whom a happening concerns and what it is, in words. */
export function describe(happening: Happening): { who: string; what: string; isViolation: boolean } {
  const isViolation = happening.kind === 'violation';
  const connection = 'connection' in happening ? happening.connection : null;
  const shardId = 'shardId' in happening ? happening.shardId : null;
  const who = [connection === null ? '' : `connection ${connection}`, shardId === null ? '' : `shard ${shardId}`];
  return { who: who.filter(Boolean).join(', '), what: whatOf(happening), isViolation };
}

function whatOf(happening: Happening): string {
  switch (happening.kind) {
    case 'api':
      return `GET ${happening.path}: ${happening.outcome}`;
    case 'upgrade':
      return happening.outcome === 101 ? `connected to ${happening.path}` : `upgrade refused: ${happening.outcome}`;
    case 'close': {
      const code = happening.code === null ? 'without a close frame' : `with ${happening.code}`;
      const reason = happening.reason === '' ? '' : `: ${happening.reason}`;
      return `closed by the ${happening.by} ${code}${reason}`;
    }
    case 'fault':
      return `fault ${JSON.stringify(happening.fault)}`;
    case 'violation':
      return `VIOLATION ${happening.rule}: ${happening.detail}`;
    case 'frame':
      return `${happening.direction === 'client' ? '->' : '<-'} ${frameNames(happening)}`;
  }
}

/** The name of a frame that makes, breaks or moves a session; null for any other. */
function frameNames({ direction, op, t, d }: Pick<RecordedFrame, 'direction' | 'op' | 't' | 'd'>): string | null {
  if (direction === 'client') {
    if (op === Opcode.Identify) return 'IDENTIFY';
    return op === Opcode.Resume ? 'RESUME' : null;
  }
  if (t === 'READY' || t === 'RESUMED') return t;
  if (op === Opcode.Reconnect) return 'RECONNECT';
  return op === Opcode.InvalidSession ? `INVALID_SESSION ${d}` : null;
}

/** What stands behind the last one seen; all, where that is no longer kept. */
function since<T>(entries: readonly T[], last: T | undefined): readonly T[] {
  return last === undefined ? entries : entries.slice(entries.lastIndexOf(last) + 1);
}
