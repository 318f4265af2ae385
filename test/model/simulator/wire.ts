import type { GatewaySimulator, RecordedFrame } from '../../../src/simulator/index.js';
import { Opcode } from '../../../src/protocol/opcodes.js';
import type { ObservedStep } from '../observer.js';
import { owed } from './judge.js';

/** Connection in words. */
export interface WireConnection {
  /** Path of its URL: `/` or `/resume`. */
  readonly at: string;
  /** Frames that the shard sent, in order. */
  readonly sent: readonly string[];
  /** Side that closed first, and its code. */
  readonly ended: string;
}

/** Connections and frames that the laws demand for these steps. */
export function expectedWire(steps: readonly ObservedStep[]): WireConnection[] {
  const connections: { at: string; sent: string[]; ended: string }[] = [];
  let at = '';
  let isOpen = false;
  let ours: number | null = null;
  for (const step of steps) {
    const { type, code } = step.event as { readonly type: string; readonly code?: number };
    const current = isOpen ? connections.at(-1) : undefined;
    if (type === 'socket.opened') {
      connections.push({ at, sent: [], ended: 'open' });
      isOpen = true;
    } else if (
      type === 'socket.closed' &&
      current !== undefined &&
      code !== ours &&
      !(code === 1006 && ours !== null)
    ) {
      current.ended = code === 1006 ? 'gateway, reset' : `gateway ${code}`;
    }
    for (const frame of owed(step).frames ?? []) {
      const [word = '', detail = ''] = frame.split(' ');
      if (word === 'open') {
        at = detail === 'first' ? '/' : new URL(detail).pathname;
        [isOpen, ours] = [false, null];
      } else if (current !== undefined) {
        if (/^(identify|resume|heartbeat|send)$/.test(word)) current.sent.push(word === 'send' ? word : frame);
        if (/^(close|abort)$/.test(word) && ours === null) {
          ours = Number(detail);
          current.ended = `shard ${detail}`;
        }
      }
    }
  }
  return connections;
}

/** Connections and frames that the simulator has recorded, from this connection on. */
export function recordedWire({ connections }: GatewaySimulator, from: number): WireConnection[] {
  return connections.slice(from).map(({ path, frames, open, closedBy, closeCode, gatewayCloseCode }) => ({
    at: path,
    sent: frames.filter(({ direction }) => direction === 'client').map(say),
    ended: open
      ? 'open'
      : closedBy === 'client'
        ? `shard ${closeCode}`
        : `gateway${gatewayCloseCode === null ? ', reset' : ` ${gatewayCloseCode}`}`,
  }));
}

function say({ op, d }: RecordedFrame): string {
  const { session_id: id, seq } = (d ?? {}) as { session_id?: string; seq?: number };
  if (op === Opcode.Identify) return 'identify';
  if (op === Opcode.Resume) return `resume ${id}@${seq}`;
  return op === Opcode.Heartbeat ? 'heartbeat' : 'send';
}
