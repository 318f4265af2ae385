/** Counts of a shard's sockets, over all its connections. */
export interface WireStats {
  connections: number;
  framesReceived: number;
  bytesReceived: number;
  framesSent: number;
  dispatches: number;
  identifies: number;
  resumes: number;
  replayed: number;
  malformed: number;
  /** When the last dispatch came, in milliseconds since the epoch; null before the first. */
  lastDispatchAt: number | null;
}

/** Hears the round trip of a ping in milliseconds, or null where the connection went first. */
export type PingAnswer = (roundTripMs: number | null) => void;

/** The socket's own means, of the connection under way or the last one. */
export interface WireConnection {
  /** True while its WebSocket is open. */
  readonly isOpen: boolean;
  /** Sends a WebSocket ping, which an open connection can. */
  ping(answered: PingAnswer): void;
  /** Ends the socket whatever the chart does: for the case that the chart itself has failed. */
  dispose(): void;
}

/** Shared by the socket actor and the shard's public class: live numbers and the socket's own means, never a decision. */
export interface Wire {
  readonly stats: WireStats;
  /** `s` of the last dispatch of the session under way. */
  sequence: number | null;
  /** What the network failed with, of the connection under way or the last one; null where it has not. */
  error: Error | null;
  /** Null before the first. */
  connection: WireConnection | null;
}

export function createWire(): Wire {
  return {
    stats: {
      connections: 0,
      framesReceived: 0,
      bytesReceived: 0,
      framesSent: 0,
      dispatches: 0,
      identifies: 0,
      resumes: 0,
      replayed: 0,
      malformed: 0,
      lastDispatchAt: null,
    },
    sequence: null,
    error: null,
    connection: null,
  };
}
