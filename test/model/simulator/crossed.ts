import type { GatewaySimulator, RecordedFrame } from '../../../src/simulator/index.js';
import { Opcode } from '../../../src/protocol/opcodes.js';
import type { ObservedStep } from '../observer.js';
import { owed } from './judge.js';

/** One connection in words. */
export interface Crossed {
  /** Path of its URL: `/` or `/resume`. */
  readonly at: string;
  /** What the shard sent, in order. */
  readonly sent: readonly string[];
  /** Who closed it first, and with which code. */
  readonly ended: string;
}

/** What must have crossed the wire, after the laws, if these steps were taken. */
export function owedWire(steps: readonly ObservedStep[]): Crossed[] {
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

/** What has crossed the wire, as the simulator has recorded it, from this connection on. */
export function seenWire({ connections }: GatewaySimulator, from: number): Crossed[] {
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
