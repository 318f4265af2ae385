import { Opcode } from '../protocol/opcodes.js';
import type { GatewaySimulator, LogEntry, RecordedFrame, Violation } from '../simulator/index.js';

/** An event on the simulator that is worth a line. */
export type SimulatorEvent =
  | LogEntry
  | ({ readonly kind: 'violation' } & Violation)
  | ({ readonly kind: 'frame' } & Pick<
      RecordedFrame,
      'at' | 'connection' | 'shardId' | 'direction' | 'op' | 't' | 'd'
    >);

/** Collects the simulator's log, its violations, and the frames that make a session. */
export class SimulatorEvents {
  readonly #simulator: GatewaySimulator;
  #frames: SimulatorEvent[] = [];
  #lastEntry: LogEntry | undefined;
  #lastViolation: Violation | undefined;

  constructor(simulator: GatewaySimulator) {
    this.#simulator = simulator;
    simulator.onFrame((frame) => {
      if (frameNames(frame) === null) return;
      const { at, connection, shardId, direction, op, t } = frame;
      // READY and IDENTIFY are long; only a boolean payload, as in INVALID_SESSION, is kept.
      const d = typeof frame.d === 'boolean' ? frame.d : null;
      this.#frames.push({ kind: 'frame', at, connection, shardId, direction, op, t, d });
    });
  }

  /** Returns the events since the last call, in order of time. */
  take(): SimulatorEvent[] {
    const { log, violations } = this.#simulator;
    const entries = since(log, this.#lastEntry);
    const broken = since(violations, this.#lastViolation);
    this.#lastEntry = log.at(-1);
    this.#lastViolation = violations.at(-1);
    const frames = this.#frames;
    this.#frames = [];
    return [...entries, ...broken.map(asEvent), ...frames].toSorted((a, b) => a.at - b.at);
  }
}

function asEvent({ at, connection, shardId, rule, detail }: Violation): SimulatorEvent {
  return { kind: 'violation', at, connection, shardId, rule, detail };
}

/** Describes an event: its connection and shard, and what happened. */
export function describe(event: SimulatorEvent): { who: string; what: string; isViolation: boolean } {
  const isViolation = event.kind === 'violation';
  const connection = 'connection' in event ? event.connection : null;
  const shardId = 'shardId' in event ? event.shardId : null;
  const who = [connection === null ? '' : `connection ${connection}`, shardId === null ? '' : `shard ${shardId}`];
  return { who: who.filter(Boolean).join(', '), what: whatOf(event), isViolation };
}

function whatOf(event: SimulatorEvent): string {
  switch (event.kind) {
    case 'api':
      return `${event.method} ${event.path}: ${event.outcome}`;
    case 'upgrade':
      return event.outcome === 101 ? `connected to ${event.path}` : `upgrade refused: ${event.outcome}`;
    case 'close': {
      const code = event.code === null ? 'without a close frame' : `with ${event.code}`;
      const reason = event.reason === '' ? '' : `: ${event.reason}`;
      return `closed by the ${event.by} ${code}${reason}`;
    }
    case 'fault':
      return `fault ${JSON.stringify(event.fault)}`;
    case 'violation':
      return `VIOLATION ${event.rule}: ${event.detail}`;
    case 'frame':
      return `${event.direction === 'client' ? '->' : '<-'} ${frameNames(event)}`;
  }
}

/** The name of a frame that starts, ends or moves a session; null for any other. */
function frameNames({ direction, op, t, d }: Pick<RecordedFrame, 'direction' | 'op' | 't' | 'd'>): string | null {
  if (direction === 'client') {
    if (op === Opcode.Identify) return 'IDENTIFY';
    return op === Opcode.Resume ? 'RESUME' : null;
  }
  if (t === 'READY' || t === 'RESUMED') return t;
  if (op === Opcode.Reconnect) return 'RECONNECT';
  return op === Opcode.InvalidSession ? `INVALID_SESSION ${d}` : null;
}

/** The entries after `last`; all of them where `last` was dropped. */
function since<T>(entries: readonly T[], last: T | undefined): readonly T[] {
  return last === undefined ? entries : entries.slice(entries.lastIndexOf(last) + 1);
}
