import type { ConnectionAction } from './faults.js';

/**
 * Methods that commit a fault now, one for each {@link ConnectionAction}. A connection commits it on itself; the simulator on
 * the open connections of a shard, or of all shards where `shardId` is left out.
 */
export abstract class FaultCalls<Target extends unknown[], Result> {
  /**
   * Commits an action now.
   *
   * @throws SimulatorError `INVALID_FAULT` where the action names nothing to do, several things, or a wrong value.
   */
  abstract apply(action: ConnectionAction, ...target: Target): Result;

  /** Makes the connection a zombie: it stays open, but acknowledges, sends and enforces nothing any more. */
  silence(...target: Target): Result {
    return this.apply({ silence: true }, ...target);
  }

  /** Drops the TCP connection with RST. The session stays; a frame that was sent just before may be lost. */
  reset(...target: Target): Result {
    return this.apply({ reset: true }, ...target);
  }

  /**
   * Closes the WebSocket with any code a close frame may carry. A code after which a client must not resume ends the session.
   *
   * See [Discord Docs/Gateway Close Event Codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
   * @throws SimulatorError `INVALID_FAULT` where no close frame may carry the code, or the reason is over 123 bytes.
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
   * Sends INVALID_SESSION (op 9). The session ends unless it is `resumable`.
   *
   * See [Discord Docs/Invalid Session](https://docs.discord.com/developers/events/gateway-events#invalid-session).
   */
  invalidateSession(resumable: boolean, ...target: Target): Result {
    return this.apply({ invalidSession: resumable }, ...target);
  }

  /**
   * Asks the client for a heartbeat (op 1).
   *
   * See [Discord Docs/Heartbeat Requests](https://docs.discord.com/developers/events/gateway#heartbeat-requests).
   */
  requestHeartbeat(...target: Target): Result {
    return this.apply({ requestHeartbeat: true }, ...target);
  }

  /** Sends a text as if it were a payload, through the connection's compression. */
  sendText(text: string, ...target: Target): Result {
    return this.apply({ sendText: text }, ...target);
  }

  /** Sends bytes that the client cannot inflate; without compression, a binary message that is neither zlib nor JSON. */
  sendCorrupt(...target: Target): Result {
    return this.apply({ sendCorrupt: true }, ...target);
  }

  /** Makes the connection half-open: the client's close frame is never answered. */
  ignoreClose(...target: Target): Result {
    return this.apply({ ignoreClose: true }, ...target);
  }

  /** Ends the session without a word: dispatches stop, and the next RESUME is answered with op 9 false. */
  loseSession(...target: Target): Result {
    return this.apply({ loseSession: true }, ...target);
  }
}
