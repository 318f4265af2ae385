import type { Compression } from './codec.js';
import type { FaultCalls } from '../faults/faultCalls.js';
import type { RecordedFrame } from '../records/records.js';

/** One WebSocket connection of a client's, open or closed; its faults by call tell whether the connection was open to take them. */
export interface SimulatedConnection extends FaultCalls<[], boolean> {
  /** From 1 on, in the order of the upgrades. */
  readonly id: number;
  /** Shard it authenticated as; null before. */
  readonly shardId: number | null;
  /** Session it got or asked to resume, kept after its end. */
  readonly sessionId: string | null;
  /** False from the first close frame, by whichever side, or the loss of the socket on. */
  readonly open: boolean;
  /** Path of the URL: `/`, or `/resume` for `resume_gateway_url`. */
  readonly path: string;
  /** Query of the URL: `v`, `encoding`, `compress`. */
  readonly query: Readonly<Record<string, string>>;
  readonly compression: Compression;
  /** True once {@link FaultCalls.silence | silenced}. */
  readonly silent: boolean;
  /** Milliseconds on the simulator's clock. */
  readonly openedAt: number;
  readonly closedAt: number | null;
  /** Who ended it; a socket that was just gone counts as the client's doing. */
  readonly closedBy: 'client' | 'gateway' | null;
  /** Code of the close frame the client closed with; null if it sent none or only answered the gateway's. 1005: a frame without a code. */
  readonly closeCode: number | null;
  /** Reason in the client's close frame. */
  readonly closeReason: string;
  /** Code the gateway closed with, or null. */
  readonly gatewayCloseCode: number | null;
  /** Its frames among those recorded, in order. */
  readonly frames: readonly RecordedFrame[];
}
