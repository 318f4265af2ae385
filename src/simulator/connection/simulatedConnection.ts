import type { Compression } from './codec.js';
import type { FaultCalls } from '../faults/faultCalls.js';
import type { RecordedFrame } from '../records/records.js';

/** WebSocket connection of a client, open or closed. Its fault methods return false where it was closed already. */
export interface SimulatedConnection extends FaultCalls<[], boolean> {
  /** Number of the connection, counted from 1 in the order of the upgrades. */
  readonly id: number;
  /** Shard that the connection authenticated as; null before. */
  readonly shardId: number | null;
  /** Session that the connection got or asked to resume; it stays after the end of either. */
  readonly sessionId: string | null;
  /** False once either side has sent a close frame, or the socket was lost. */
  readonly open: boolean;
  /** Path of the URL: `/`, or `/resume` for `resume_gateway_url`. */
  readonly path: string;
  /** Query of the URL: `v`, `encoding`, `compress`. */
  readonly query: Readonly<Record<string, string>>;
  readonly compression: Compression;
  /** True after {@link FaultCalls.silence | silence}. */
  readonly silent: boolean;
  /** Time of the upgrade, in milliseconds on the simulator's clock. */
  readonly openedAt: number;
  /** Time of the end, in milliseconds on the simulator's clock; null while open. */
  readonly closedAt: number | null;
  /** Side that closed first; null while open. A socket that was lost without a close frame counts as closed by the client. */
  readonly closedBy: 'client' | 'gateway' | null;
  /** Code of the client's close frame, 1005 where it had none; null where the client sent no close frame or only answered the gateway's. */
  readonly closeCode: number | null;
  /** Reason in the client's close frame. */
  readonly closeReason: string;
  /** Code the gateway closed with; null where it did not close. */
  readonly gatewayCloseCode: number | null;
  /** Recorded frames of the connection, in order. */
  readonly frames: readonly RecordedFrame[];
}
