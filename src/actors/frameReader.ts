import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { FrameHead } from '../protocol/frameHead.js';
import { HEARTBEAT_INTERVAL_MS } from '../protocol/limits.js';
import { Opcode } from '../protocol/opcodes.js';
import { MAX_SESSION_ID_LENGTH } from '../protocol/session.js';
import { distrustOf, type Trust } from '../protocol/trust.js';
import type { SocketReport } from '../../machines/shard.types.js';
import type { Wire } from './wire.js';

/** A frame that was not what the protocol allows: counted, reported and survived. */
export interface Malformed {
  /** What was wrong with it. */
  readonly reason: string;
  /** The beginning of the frame; empty where it was not text. */
  readonly excerpt: string;
}

/** Takes dispatches past the chart. */
export interface DispatchSink {
  /** True if a listener wants this event. An event that no listener wants is never parsed. */
  wants(name: string): boolean;
  /** True if every event is wanted: its name need not be read first. */
  readonly wantsAll: boolean;
  dispatch(payload: GatewayDispatchPayload): void;
  /** `text` is the whole frame. */
  malformed(reason: string, text: string): void;
  /** True if a listener wants every frame as text. */
  readonly wantsRaw: boolean;
  raw(text: string): void;
}

interface Frame {
  op: number;
  t: string | null;
  s: number | null;
  d: unknown;
}

type Report = (report: SocketReport) => void;

const BRACE = 125;

/**
 * Reads the frames of one connection: dispatches to the sink, what changes the lifecycle to the chart.
 *
 * The head of a frame is read without parsing it; only wanted dispatches are parsed.
 */
export class FrameReader {
  readonly #head = new FrameHead();
  readonly #wire: Wire;
  readonly #sink: DispatchSink;
  readonly #report: Report;
  /** Answer to our login: until RESUMED each dispatch is progress the chart waits for. */
  awaiting: 'READY' | 'RESUMED' | null = null;
  /** When the bytes under way were read, in milliseconds since the epoch: the clock is read once for all their frames. */
  readAt = 0;
  /** Facts that decide whether READY's resume URL is used; known once the connection has its URL. */
  trust: Trust = { firstUrl: 'wss://gateway.discord.gg', trustedHosts: [] };
  /** Time of the last heartbeat, from which its ack gives the latency. */
  beatSentAt: number | null = null;

  constructor(wire: Wire, sink: DispatchSink, report: Report) {
    this.#wire = wire;
    this.#sink = sink;
    this.#report = report;
  }

  /** Reads a frame in UTF-8. Of an unwanted dispatch only the head is decoded. */
  read(bytes: Buffer): void {
    const raw = this.#sink.wantsRaw ? bytes.toString() : null;
    if (raw !== null) this.#sink.raw(raw);
    if (!this.#skips(bytes)) this.#readWhole(raw ?? bytes.toString());
  }

  /** True if the head was enough, as for an unwanted dispatch. A frame in an unusual order must be parsed whole. */
  #skips(bytes: Buffer): boolean {
    if (this.#sink.wantsAll || bytes[bytes.length - 1] !== BRACE) return false;
    const head = this.#head;
    if (!head.read(bytes) || head.op !== Opcode.Dispatch) return false;
    const { t, s } = head;
    if (t === null || s === null || t === 'READY' || t === 'RESUMED' || this.#sink.wants(t)) return false;
    this.#advance(s);
    this.#progress(s);
    return true;
  }

  #readWhole(text: string): void {
    const frame = this.#parse(text);
    if (frame === null) return;
    if (frame.op === Opcode.Dispatch) return this.#readDispatch(frame, text);
    if (frame.op === Opcode.Hello) return this.#hello(frame.d, text);
    const report = this.#reportOf(frame);
    if (report !== null) this.#report(report);
  }

  /** An interval that no gateway has is said, and taken as the nearest that one may have: HELLO counts. */
  #hello(d: unknown, text: string): void {
    const interval = (d as { heartbeat_interval?: unknown } | null | undefined)?.heartbeat_interval;
    if (typeof interval !== 'number' || !(interval > 0) || !Number.isFinite(interval)) {
      return this.#malformed(`op ${Opcode.Hello} with wrong data`, text);
    }
    const { min, max } = HEARTBEAT_INTERVAL_MS;
    const heartbeatIntervalMs = Math.min(max, Math.max(min, interval));
    if (heartbeatIntervalMs !== interval) {
      this.#malformed(`HELLO with a heartbeat_interval of ${interval} ms, taken as ${heartbeatIntervalMs}`, text);
    }
    this.#report({ type: 'gateway.hello', heartbeatIntervalMs });
  }

  #readDispatch(frame: Frame, text: string): void {
    const { t, s } = frame;
    // RESUMED is the end of a replay whatever its `s`: other servers send null.
    if (t === 'RESUMED') return this.#resumed(frame, Number.isSafeInteger(s) ? s : null, text);
    if (typeof t !== 'string' || !Number.isSafeInteger(s) || s === null) {
      return this.#malformed('a dispatch without t or s', text);
    }
    if (t === 'READY') return this.#ready(frame, s, text);
    this.#advance(s);
    if (this.#sink.wants(t)) this.#sink.dispatch(frame as unknown as GatewayDispatchPayload);
    this.#progress(s);
  }

  /** The chart receives READY and RESUMED before the listeners do. */
  #ready(frame: Frame, sequence: number, text: string): void {
    if (this.awaiting !== 'READY') return this.#malformed('READY without having been asked for', text);
    const { session_id: id, resume_gateway_url: url } = (frame.d ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || id === '') return this.#malformed('READY without session_id', text);
    if (id.length > MAX_SESSION_ID_LENGTH) this.#malformed('READY with an endless session_id', text);
    const resumeUrl = this.#resumeUrl(url, text);
    this.awaiting = null;
    this.#wire.sequence = sequence;
    this.#count();
    // The shard is Connected all the same. A RESUME with the beginning of an endless id is answered with op 9.
    const session = { id: id.slice(0, MAX_SESSION_ID_LENGTH), sequence, resumeUrl };
    this.#report({ type: 'gateway.ready', session });
    this.#sink.dispatch(frame as unknown as GatewayDispatchPayload);
  }

  /** Proxies and other servers leave the resume URL out: RESUME then goes to the first URL. */
  #resumeUrl(url: unknown, text: string): string | null {
    if (url === undefined || url === null) return null;
    const distrust = typeof url === 'string' ? distrustOf(url, this.trust) : 'it is no text';
    if (distrust === null) return url as string;
    this.#malformed(`READY with a resume_gateway_url that is not used: ${distrust}`, text);
    return null;
  }

  #resumed(frame: Frame, sequence: number | null, text: string): void {
    if (this.awaiting !== 'RESUMED') return this.#malformed('RESUMED without having been asked for', text);
    this.awaiting = null;
    this.#advance(sequence);
    this.#report({ type: 'gateway.resumed', sequence });
    this.#sink.dispatch(frame as unknown as GatewayDispatchPayload);
  }

  /** `s` only grows within a session: an old frame never lowers ours. */
  #advance(sequence: number | null): void {
    this.#count();
    if (sequence !== null && sequence > (this.#wire.sequence ?? -1)) this.#wire.sequence = sequence;
  }

  #count(): void {
    const { stats } = this.#wire;
    stats.dispatches += 1;
    stats.lastDispatchAt = this.readAt;
  }

  #progress(sequence: number): void {
    if (this.awaiting !== 'RESUMED') return;
    this.#wire.stats.replayed += 1;
    this.#report({ type: 'gateway.replayed', sequence });
  }

  #parse(text: string): Frame | null {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#malformed('not JSON', text);
      return null;
    }
    if (typeof frame === 'object' && frame !== null && Number.isInteger((frame as Frame).op)) return frame as Frame;
    this.#malformed('not an object with an op', text);
    return null;
  }

  #malformed(reason: string, text: string): void {
    this.#wire.stats.malformed += 1;
    this.#sink.malformed(reason, text);
  }

  /** The report that a frame other than a dispatch makes to the chart; null for an unknown op, which is ignored. */
  #reportOf({ op, d }: Frame): SocketReport | null {
    switch (op) {
      case Opcode.Heartbeat:
        return { type: 'gateway.heartbeatRequested' };
      case Opcode.HeartbeatAck:
        return this.#acknowledged();
      case Opcode.Reconnect:
        return { type: 'gateway.reconnect' };
      case Opcode.InvalidSession:
        // Anything but true counts as false: where the session cannot be trusted, a new one is safe.
        return { type: 'gateway.invalidSession', resumable: d === true };
      default:
        return null;
    }
  }

  /** An ack of nothing acknowledges nothing. */
  #acknowledged(): SocketReport | null {
    if (this.beatSentAt === null) return null;
    const { lastDispatchAt } = this.#wire.stats;
    return {
      type: 'gateway.acknowledged',
      latencyMs: performance.now() - this.beatSentAt,
      quietMs: lastDispatchAt === null ? 0 : this.readAt - lastDispatchAt,
    };
  }
}
