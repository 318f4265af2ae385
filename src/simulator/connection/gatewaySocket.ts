import { WebSocket } from 'ws';

/** What the owner of a socket decides about its end. */
export interface ClosePolicy {
  /** The client's close frame has come; `answer` completes the handshake, if and when it is called. */
  onClientClose(code: number, reason: string, answer: () => void): void;
  /** The client sent what is no WebSocket frame, or too large a one. */
  onBrokenFrame(): void;
}

/** 1005 stands for a close frame without a code (RFC 6455, 7.1.5). */
const NO_CODE = 1005;

/** The server's side of a WebSocket that answers the client's close frame only when told to. */
export class GatewaySocket extends WebSocket {
  policy: ClosePolicy | null = null;
  #shut = false;

  /** Closes from the gateway's side. */
  shut(code: number, reason: string): void {
    this.#shut = true;
    super.close(code, reason);
  }

  /**
   * Called by ws itself: with the code and reason of the client's close frame, with nothing where the frame had no code,
   * and with a code alone where it could not read a frame.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (this.#shut || this.policy === null || this.readyState !== WebSocket.OPEN) super.close(code, reason);
    else if (code !== undefined && reason === undefined) this.policy.onBrokenFrame();
    else this.policy.onClientClose(code ?? NO_CODE, reason?.toString() ?? '', () => super.close(code, reason));
  }
}
