import type { Socket } from 'node:net';
import { closeCodeRow, endsSession } from '../../protocol/closeCodes.js';
import { Opcode } from '../../protocol/opcodes.js';
import { checkAction } from '../faults/checkFault.js';
import { connectionActionOf } from '../faults/faultActions.js';
import { FaultCalls } from '../faults/faultCalls.js';
import type { AnswerOccasion, ConnectionAction, Fault, FaultAt, FrameOccasion, Occasion } from '../faults/faults.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import type { RecordedFrame, Rule } from '../records/records.js';
import { type Compression, corruptBytes } from './codec.js';
import type { DispatchPayload } from './dispatchPayload.js';
import { FrameWriter, type OutgoingFrame } from './frameWriter.js';
import type { ClosePolicy, GatewaySocket } from './gatewaySocket.js';
import { HeartbeatWatch } from './heartbeatWatch.js';
import type { Refusal } from './readIdentify.js';
import { SendOrder } from './sendOrder.js';
import type { Session, SessionHolder } from './session.js';
import type { SimulatedConnection } from './simulatedConnection.js';
import { SlidingWindow } from './slidingWindow.js';

/** Upgrade request of a connection. */
export interface ConnectionRequest {
  readonly id: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly compress: 'zlib-stream' | 'zstd-stream' | null;
}

/** Authentication of a connection: commands need `identified`; an `invalidated` one has had op 9 and may authenticate again. */
export type Phase = 'unidentified' | 'authenticating' | 'identified' | 'invalidated';

/** Gateway's end of one WebSocket: sends frames, commits faults, and closes. */
export class Connection extends FaultCalls<[], boolean> implements SimulatedConnection, SessionHolder, ClosePolicy {
  readonly id: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly openedAt: number;
  readonly sends: SlidingWindow;
  readonly presences: SlidingWindow;
  readonly heartbeats: HeartbeatWatch;
  phase: Phase = 'unidentified';
  shardId: number | null = null;
  sessionId: string | null = null;
  /** Session that the connection holds or has asked to resume. */
  session: Session | null = null;
  silent = false;
  closedAt: number | null = null;
  closedBy: 'client' | 'gateway' | null = null;
  closeCode: number | null = null;
  closeReason = '';
  gatewayCloseCode: number | null = null;

  readonly #gateway: Gateway;
  readonly #socket: GatewaySocket;
  readonly #tcp: Socket;
  readonly #writer: FrameWriter;
  readonly #order: SendOrder;
  #ignoresClose = false;

  constructor(gateway: Gateway, request: ConnectionRequest, socket: GatewaySocket, tcp: Socket) {
    super();
    const { now, heartbeatInterval, heartbeatSlack, presenceLimit, presenceWindow, sendLimit, sendWindow } =
      gateway.options;
    this.id = request.id;
    this.path = request.path;
    this.query = request.query;
    this.openedAt = now();
    this.sends = new SlidingWindow(sendLimit, sendWindow);
    this.presences = new SlidingWindow(presenceLimit, presenceWindow);
    this.heartbeats = new HeartbeatWatch(gateway.timers, now, heartbeatInterval * 1.5 + heartbeatSlack, () =>
      this.refuse({ rule: 'heartbeat missed', code: 4009, detail: 'no heartbeat for one and a half intervals' }),
    );
    this.#gateway = gateway;
    this.#socket = socket;
    this.#tcp = tcp;
    this.#writer = new FrameWriter(gateway, this, socket, request.compress);
    this.#order = new SendOrder(gateway.timers);
    socket.policy = this;
    socket.on('close', (code, reason) => {
      // Bun has a ws of its own, which answers a close frame without asking the policy. 1006 says that there was none.
      if (this.open && code !== 1006) this.onClientClose(code, reason.toString(), () => {});
      this.#onSocketClose();
    });
    // A socket that breaks emits `close` as well, and a broken frame calls `onBrokenFrame`.
    socket.on('error', () => {});
  }

  get open(): boolean {
    return this.closedAt === null;
  }

  get compression(): Compression {
    return this.#writer.compression;
  }

  get frames(): readonly RecordedFrame[] {
    return this.#gateway.recorder.frames.filter(({ connection }) => connection === this.id);
  }

  /** Takes the first fault that strikes this connection on an occasion. */
  takeFault<O extends Occasion>(occasion: O): FaultAt<O> | null {
    const url = this.path === RESUME_PATH ? 'resume' : 'gateway';
    const fault = this.#gateway.faults.take(occasion, { shardId: this.shardId, url });
    if (fault !== null) this.#logFault(fault);
    return fault;
  }

  /** Calls `reply` for a client's payload, unless a fault comes in its place. */
  answer(occasion: AnswerOccasion, reply: (fault: Fault | null) => void): void {
    const fault = this.takeFault(occasion);
    if (fault === null) reply(null);
    else if (!('skip' in fault)) {
      const action = connectionActionOf(fault);
      this.#later(fault.delay ?? 0, () => (action === null ? reply(fault) : this.#perform(action)));
    }
  }

  /** Sends a payload that is not a dispatch; `onSent` runs once it has left. */
  send(op: number, d: unknown, occasion: 'hello' | null = null, onSent?: () => void): void {
    this.#push({ op, t: null, s: null, d, json: JSON.stringify(d) }, occasion, onSent);
  }

  sendDispatch({ t, d, json }: DispatchPayload, s: number, occasion: FrameOccasion, onSent?: () => void): void {
    this.#push({ op: Opcode.Dispatch, t, s, d, json }, occasion, onSent);
  }

  /** Makes this the connection that the session's dispatches go to. */
  hold(session: Session): void {
    this.session = session;
    this.sessionId = session.id;
    session.attach(this);
    if (session.compress) this.#writer.compressPayloads();
  }

  /** Sends INVALID_SESSION and lets go of the session, which ends unless it is resumable. */
  invalidate(isResumable: boolean): void {
    this.#release(!isResumable);
    this.phase = 'invalidated';
    this.send(Opcode.InvalidSession, isResumable);
  }

  violate(rule: Rule, detail: string): void {
    this.#gateway.recorder.addViolation({ connection: this.id, shardId: this.shardId, rule, detail });
  }

  /** Records a violation and closes with its code. */
  refuse({ rule, code, detail }: Refusal): void {
    this.violate(rule, detail);
    this.#close(code, closeCodeRow(code).name);
  }

  /** Closes with 4005, because another connection has resumed the session. */
  yieldSession(): void {
    this.#close(4005, 'session resumed elsewhere');
  }

  override apply(action: ConnectionAction): boolean {
    checkAction(action);
    if (!this.open) return false;
    this.#logFault(action);
    this.#perform(action);
    return true;
  }

  onClientClose(code: number, reason: string, answer: () => void): void {
    if (this.open) {
      this.closeCode = code;
      this.closeReason = reason;
      this.#markClosed('client', code, reason);
      this.#release(endsSession(code));
    }
    const fault = this.takeFault('close');
    if (this.#ignoresClose || (fault !== null && 'skip' in fault)) return;
    const finish = fault !== null && 'reset' in fault ? () => this.#tcp.resetAndDestroy() : answer;
    if (fault?.delay === undefined) finish();
    else this.#gateway.timers.after(fault.delay, finish);
  }

  onBrokenFrame(): void {
    this.refuse({ rule: 'decode error', code: 4002, detail: 'the message is not a WebSocket frame, or over 1 MiB' });
  }

  #perform(action: ConnectionAction): void {
    if (!this.open) return;
    if (this.silent && ('sendCorrupt' in action || 'sendText' in action)) return;
    if ('closeWith' in action) this.#close(action.closeWith, action.reason ?? '');
    else if ('ignoreClose' in action) this.#ignoresClose = true;
    else if ('invalidSession' in action) this.invalidate(action.invalidSession);
    else if ('loseSession' in action) this.#release(true);
    else if ('reconnect' in action) this.send(Opcode.Reconnect, null);
    else if ('requestHeartbeat' in action) this.send(Opcode.Heartbeat, null);
    else if ('reset' in action) this.#reset();
    else if ('sendCorrupt' in action) this.#writer.writeBytes(corruptBytes);
    else if ('sendText' in action) this.#writer.writeText(action.sendText);
    else {
      this.silent = true;
      this.heartbeats.stop();
    }
  }

  /** Runs a task after a delay, unless the connection is closed or silent by then. */
  #later(delayMs: number, task: () => void): void {
    if (delayMs <= 0) task();
    else {
      this.#gateway.timers.after(delayMs, () => {
        if (this.open && !this.silent) task();
      });
    }
  }

  #push(frame: OutgoingFrame, occasion: FrameOccasion | 'hello' | null, onSent?: () => void): void {
    const fault = occasion === null ? null : this.takeFault(occasion);
    if (fault !== null && 'skip' in fault) return;
    const action = fault === null ? null : connectionActionOf(fault);
    const delay = fault?.delay ?? 0;
    this.#order.push(action === null ? delay : 0, () => {
      if (!this.open || this.silent) return;
      this.#writer.writeFrame(frame);
      onSent?.();
      if (action !== null) this.#later(delay, () => this.#perform(action));
    });
  }

  #logFault(fault: ConnectionAction | Fault): void {
    this.#gateway.recorder.addLogEntry({ kind: 'fault', connection: this.id, shardId: this.shardId, fault });
  }

  /** Closes from the gateway's side. A code after which the client must not resume ends the session. */
  #close(code: number, reason: string): void {
    if (!this.open) return;
    this.gatewayCloseCode = code;
    this.#markClosed('gateway', code, reason);
    this.#release(closeCodeRow(code).action !== 'resume');
    this.#socket.shut(code, reason);
  }

  #reset(): void {
    this.#markClosed('gateway', null, '');
    this.#release(false);
    this.#tcp.resetAndDestroy();
  }

  #onSocketClose(): void {
    if (this.open) {
      this.#markClosed('client', null, '');
      this.#release(false);
    }
    this.#writer.close();
  }

  #markClosed(by: 'client' | 'gateway', code: number | null, reason: string): void {
    const { recorder, options } = this.#gateway;
    this.closedAt = options.now();
    this.closedBy = by;
    this.heartbeats.stop();
    recorder.addLogEntry({ kind: 'close', connection: this.id, shardId: this.shardId, by, code, reason });
  }

  /** Lets go of the session. A session that another connection has taken over stays with that one. */
  #release(endsIt: boolean): void {
    const { session } = this;
    this.session = null;
    if (session === null) return;
    if (endsIt) this.#gateway.sessions.forget(session);
    if (session.holder === this) session.detach(this.#gateway.options.now());
  }
}
