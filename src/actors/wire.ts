/** What a shard's sockets count, over all its connections. */
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
}

/** Hears the round trip of a ping in milliseconds, or null where the connection went first. */
export type PingAnswer = (roundTripMs: number | null) => void;

/** What the socket actor and the face share: live numbers and the socket's own means, never a decision. */
export interface Wire {
  readonly stats: WireStats;
  /** `s` of the last dispatch of the session under way. */
  sequence: number | null;
  /** Sends a WebSocket ping; null while no socket is open. */
  ping: ((answered: PingAnswer) => void) | null;
  /** Ends the socket whatever the chart does: for the case that the chart itself has failed. */
  terminate: () => void;
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
    },
    sequence: null,
    ping: null,
    terminate: () => {},
  };
}
