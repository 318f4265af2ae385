import { WebSocket } from 'ws';

/** Owner of a socket, which decides how the socket ends. */
export interface ClosePolicy {
  /** Called with the client's close frame; `answer` completes the close handshake, if and when it is called. */
  onClientClose(code: number, reason: string, answer: () => void): void;
  /** Called where the client sent bytes that are not a WebSocket frame, or too large a message. */
  onBrokenFrame(): void;
}

/** Code of a close frame without a code (RFC 6455, 7.1.5). */
const NO_CODE = 1005;

/** Server's side of a WebSocket that answers the client's close frame only when its policy does. */
export class GatewaySocket extends WebSocket {
  policy: ClosePolicy | null = null;
  #isShut = false;

  /** Closes from the gateway's side. */
  shut(code: number, reason: string): void {
    this.#isShut = true;
    super.close(code, reason);
  }

  /**
   * Called by ws itself: with code and reason of the client's close frame, without arguments where that frame had no code,
   * and with a code alone where ws could not read a frame.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (this.#isShut || this.policy === null || this.readyState !== WebSocket.OPEN) super.close(code, reason);
    else if (code !== undefined && reason === undefined) this.policy.onBrokenFrame();
    else this.policy.onClientClose(code ?? NO_CODE, reason?.toString() ?? '', () => super.close(code, reason));
  }
}
