import { Inflate } from 'minizlib';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { createGatewaySimulator, type GatewaySimulator, type SimulatorOptions } from '../../src/simulator/index.js';

export interface Frame {
  readonly t: string | null;
  readonly s: number | null;
  readonly op: number;
  readonly d: any; // oxlint-disable-line typescript/no-explicit-any
}

const cleanUps: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Simulator that is closed at the end of its test. There is no identify window, so that a slow machine breaks no rule. */
export async function simulate(options: SimulatorOptions = {}): Promise<GatewaySimulator> {
  const simulator = await createGatewaySimulator({ identifyWindow: 0, ...options });
  cleanUps.push(() => simulator.close());
  return simulator;
}

/** Resolves with the first value that is neither undefined, null nor false. */
export async function eventually<T>(
  read: () => T,
  what = read.toString(),
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== null && value !== false) return value as Exclude<T, undefined | null | false>;
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Client without any logic of the protocol: it sends what the test sends and keeps all that comes. */
export class RawClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  /** Raw WebSocket messages. */
  readonly messages: Array<{ data: Buffer; isBinary: boolean }> = [];
  /** Texts that are not JSON, and errors of the inflater. */
  readonly garbage: string[] = [];
  closed: { code: number; reason: string } | null = null;
  refused: { status: number; headers: Record<string, unknown> } | null = null;
  error: Error | null = null;
  /** Error of the TCP socket, which ws does not report. */
  tcpError: Error | null = null;
  readonly #inflate: Inflate | null;
  #partial: Buffer[] = [];

  constructor(url: string, query: Record<string, string> = { v: '10', encoding: 'json' }) {
    this.#inflate = query['compress'] === 'zlib-stream' ? new Inflate({ flush: 2 }) : null;
    this.#inflate?.on('error', (error) => this.garbage.push(String(error)));
    this.socket = new WebSocket(`${url}/?${new URLSearchParams(query)}`);
    this.socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
    this.socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('upgrade', ({ socket }) => socket.on('error', (error) => (this.tcpError = error)));
    this.socket.on('unexpected-response', (_request, response) => {
      this.refused = { status: response.statusCode ?? 0, headers: response.headers };
      response.resume();
    });
    cleanUps.push(() => this.socket.terminate());
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    this.messages.push({ data, isBinary });
    if (!isBinary || this.#inflate === null) {
      if (!isBinary) this.#read(data.toString());
      return;
    }
    this.#partial.push(data);
    const whole = Buffer.concat(this.#partial);
    if (!whole.subarray(-4).equals(SUFFIX)) return;
    this.#partial = [];
    this.#inflate.write(whole);
    const text = this.#inflate.sawError ? null : this.#inflate.read();
    if (text !== null) this.#read(text.toString());
  }

  #read(text: string): void {
    try {
      this.frames.push(JSON.parse(text) as Frame);
    } catch {
      this.garbage.push(text);
    }
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  identify(fields: Record<string, unknown> = {}): void {
    this.send(2, {
      token: 'secret',
      intents: 1,
      properties: { os: 'a', browser: 'b', device: 'c' },
      shard: [0, 1],
      ...fields,
    });
  }

  resume(sessionId: string, seq: unknown, token = 'secret'): void {
    this.send(6, { token, session_id: sessionId, seq });
  }

  hello(): Promise<Frame> {
    return this.op(10);
  }

  /** Resolves with the `nth` frame of this op. */
  op(op: number, nth = 0): Promise<Frame> {
    return eventually(() => this.frames.filter((frame) => frame.op === op)[nth], `op ${op}`);
  }

  event(t: string): Promise<Frame> {
    return eventually(() => this.frames.find((frame) => frame.t === t), t);
  }

  ended(): Promise<{ code: number; reason: string }> {
    return eventually(() => this.closed, 'close');
  }

  /** Resolves once the gateway has handled and answered everything sent before. */
  async settled(): Promise<void> {
    const pong = new Promise((resolve) => this.socket.once('pong', resolve));
    this.socket.ping();
    await pong;
  }

  /** Dispatches without READY and RESUMED, as `t` and `s`. */
  get dispatches(): Array<[string | null, number | null]> {
    return this.frames.filter(({ op, t }) => op === 0 && t !== 'READY' && t !== 'RESUMED').map(({ t, s }) => [t, s]);
  }
}

const SUFFIX = Buffer.from([0, 0, 0xff, 0xff]);

export async function connected(simulator: GatewaySimulator, query?: Record<string, string>): Promise<RawClient> {
  const client = new RawClient(simulator.url, query);
  await client.hello();
  return client;
}

/** Client that has READY, with its session's id. */
export async function identified(
  simulator: GatewaySimulator,
  fields?: Record<string, unknown>,
  query?: Record<string, string>,
): Promise<{ client: RawClient; sessionId: string }> {
  const client = await connected(simulator, query);
  client.identify(fields);
  const ready = await client.event('READY');
  return { client, sessionId: String(ready.d.session_id) };
}

/** Rules that were broken, in order. */
export function broken(simulator: GatewaySimulator): string[] {
  return simulator.violations.map(({ rule }) => rule);
}
