import type { ConnectionAction } from './faults.js';

/**
 * Faults by call, each a name for one {@link ConnectionAction}: on a connection for that one, on the simulator for the
 * open connections of a shard, or of all shards where `shardId` is left out.
 */
export abstract class FaultCalls<Target extends unknown[], Result> {
  /**
   * Commits an action now.
   *
   * @throws SimulatorError `INVALID_FAULT` if it is none.
   */
  abstract apply(action: ConnectionAction, ...target: Target): Result;

  /** Zombie: the connection stays open, and nothing is acknowledged, sent or enforced on it any more. */
  silence(...target: Target): Result {
    return this.apply({ silence: true }, ...target);
  }

  /** Drops the TCP connection with RST; a frame sent just before may be lost with it. The session stays. */
  reset(...target: Target): Result {
    return this.apply({ reset: true }, ...target);
  }

  /**
   * Closes the WebSocket with any code a close frame may carry; one after which a client may not resume forgets the session.
   *
   * See [Discord Docs/Gateway Close Event Codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
   * @throws SimulatorError `INVALID_FAULT` if no close frame may carry the code, or the reason is over 123 bytes.
   */
  closeWith(code: number, reason?: string, ...target: Target): Result {
    return this.apply(reason === undefined ? { closeWith: code } : { closeWith: code, reason }, ...target);
  }

  /**
   * Sends RECONNECT (op 7).
   *
   * See [Discord Docs/Reconnect](https://docs.discord.com/developers/events/gateway-events#reconnect).
   */
  requestReconnect(...target: Target): Result {
    return this.apply({ reconnect: true }, ...target);
  }

  /**
   * Sends INVALID_SESSION (op 9); where it is not `resumable`, the session is forgotten.
   *
   * See [Discord Docs/Invalid Session](https://docs.discord.com/developers/events/gateway-events#invalid-session).
   */
  invalidateSession(resumable: boolean, ...target: Target): Result {
    return this.apply({ invalidSession: resumable }, ...target);
  }

  /**
   * Asks for a heartbeat (op 1).
   *
   * See [Discord Docs/Heartbeat Requests](https://docs.discord.com/developers/events/gateway#heartbeat-requests).
   */
  requestHeartbeat(...target: Target): Result {
    return this.apply({ requestHeartbeat: true }, ...target);
  }

  /** Sends this text, through the connection's own compression, as if it were a payload. */
  sendText(text: string, ...target: Target): Result {
    return this.apply({ sendText: text }, ...target);
  }

  /** Sends bytes no inflater of the connection accepts; without compression, a binary frame that is neither zlib nor JSON. */
  sendCorrupt(...target: Target): Result {
    return this.apply({ sendCorrupt: true }, ...target);
  }

  /** Half-open: from now on a close frame of the client's is never answered. */
  ignoreClose(...target: Target): Result {
    return this.apply({ ignoreClose: true }, ...target);
  }

  /** Forgets the session and says nothing: dispatches cease, and its next RESUME is answered with op 9 false. */
  loseSession(...target: Target): Result {
    return this.apply({ loseSession: true }, ...target);
  }
}
