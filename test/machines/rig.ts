import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect } from 'vitest';
import { createActor, type EventObject } from 'xstate';
import { lifecycleOf } from '../../machines/index.js';
import type { ShardContext, ShardEvent, ShardInput, SocketCommand } from '../../machines/shard.types.js';
import type { Session } from '../../src/protocol/session.js';
import { ExactClock } from '../model/exactClock.js';
import { lawbooks, type Chart } from '../model/laws/index.js';
import type { fallible } from '../model/alphabet.js';
import { Unlawful } from '../model/laws/lawbook.js';
import { Observer, pathOf, type ObservedStep } from '../model/observer.js';
import { FAIL, failAfter, ours, scripted, type ScriptedSocket, worlds, type Charts } from './scriptedRig.js';

export const INTERVAL_MS = 40_000;
export const DAY_MS = 86_400_000;
export const session: Session = { id: 'session-1', sequence: 7, resumeUrl: 'wss://resume.example' };
export const timeouts = {
  storeMs: 9_000,
  handshakeMs: 10_000,
  helloMs: 11_000,
  readyMs: 12_000,
  readyMaxMs: 40_000,
  resumedMs: 13_000,
  closeMs: 2_000,
};
export const backoff = { initialMs: 1_000, maxMs: 60_000, stableAfterMs: 200 };
export const quiet = { afterMs: 600_000, reconnects: false };

/** Input of a shard's chart where a test gives none. */
export const defaults: ShardInput = {
  shardId: 0,
  session: null,
  autoReconnect: true,
  resumeAttempts: 3,
  timeouts,
  backoff,
  quiet,
  seed: 1,
};

/** Which actor throws when it is started, for the tests of what a shard survives. */
export interface HarnessOptions extends Partial<ShardInput> {
  /** Charts to run instead of ours. */
  readonly charts?: Charts;
  /** Told of each step of the shard's chart and of its children's. */
  readonly observe?: (step: ObservedStep) => void;
  readonly socketThrows?: () => boolean;
  readonly slotThrows?: () => boolean;
  readonly storeThrows?: () => boolean;
}

export class Harness {
  readonly clock = new ExactClock();
  /** Everything that crossed the wire, and when the chart opened and gave up a connection. */
  readonly wire: string[] = [];
  readonly sockets: ScriptedSocket[] = [];
  /** Slots asked for so far, and how many of them the chart still waits for. */
  slotsAsked = 0;
  slotsHeld = 0;
  /** How often the session store was asked, and how many answers the chart still waits for. */
  storeAsked = 0;
  storeAwaited = 0;
  /** What must hold in every test of the chart, whatever it is about. */
  readonly violations: string[] = [];
  readonly actor;

  /** The events the shard's chart has taken, by type. */
  readonly taken: string[] = [];
  wasShutDown = false;
  wasRefused = false;
  /** Events in which a session was given up, or exchanged for another. */
  readonly sessionEnds: EventObject[] = [];
  readonly #observer: Observer;
  readonly #socketThrows: (() => boolean) | undefined;
  readonly #slotThrows: (() => boolean) | undefined;
  readonly #storeThrows: (() => boolean) | undefined;

  constructor({ socketThrows, slotThrows, storeThrows, charts, observe, ...input }: HarnessOptions = {}) {
    this.#observer = new Observer(
      lawbooks,
      () => this.clock.now(),
      (step) => {
        if (step.chart === 'shard') {
          this.taken.push(step.event.type);
          this.wasRefused ||= step.after.path === 'Offline.fatal';
          const [before, after] = [step.before, step.after].map(({ context }) => (context as ShardContext).session);
          if (before && before.id !== after?.id) this.sessionEnds.push(step.event);
        }
        this.violations.push(...lawbooks[step.chart as Chart].judge(step as never));
        observe?.(step);
      },
      (wrong) => this.violations.push(...wrong),
    );
    this.#socketThrows = socketThrows;
    this.#slotThrows = slotThrows;
    this.#storeThrows = storeThrows;
    this.actor = createActor(scripted(charts ?? ours), { input: { ...defaults, ...input }, clock: this.clock });
    worlds.set(this.actor.system, this);
    this.actor.system.inspect(this.#observer);
    let checked: unknown;
    this.actor.subscribe({
      next: ({ context }) => {
        if (context === checked) return;
        checked = context;
        const written = JSON.stringify(context);
        if (!isDeepStrictEqual(JSON.parse(written), context)) this.violations.push(`context is not JSON: ${written}`);
      },
      error: (error) => this.violations.push(`the chart threw: ${String(error)}`),
    });
    this.actor.start();
  }

  #sent(frame: string): void {
    this.wire.push(frame);
    this.#observer.sent('shard', frame);
  }

  /** The shard's socket actor begins. */
  open(socket: ScriptedSocket, receive: (listener: (command: SocketCommand) => void) => void): () => void {
    if (this.#socketThrows?.() === true) {
      this.#observer.sent('shard', `open ${socket.input.resumeUrl ?? 'first'}`);
      throw new Error('no socket today');
    }
    if (this.sockets.some(({ alive }) => alive)) this.violations.push('two sockets at once');
    this.sockets.push(socket);
    this.#sent(`open ${socket.input.resumeUrl ?? 'first'}`);
    receive((command) => {
      if ((command as EventObject).type !== FAIL.type) this.#heard(socket, command);
      else failAfter(() => (socket.alive = false));
    });
    return () => {
      socket.alive = false;
      this.#sent('drop');
    };
  }

  /** The shard asks its session store. */
  ask(receive: (listener: () => void) => void): () => void {
    this.storeAsked += 1;
    if (this.#storeThrows?.() === true) throw new Error('no store today');
    this.storeAwaited += 1;
    const end = () => void (this.storeAwaited -= 1);
    receive(() => failAfter(end));
    return end;
  }

  /** The shard's slot actor begins. */
  queue(receive: (listener: () => void) => void): () => void {
    this.slotsAsked += 1;
    if (this.#slotThrows?.() === true) throw new Error('no limiter today');
    this.slotsHeld += 1;
    const giveBack = () => void (this.slotsHeld -= 1);
    receive(() => failAfter(giveBack));
    return giveBack;
  }

  #heard(socket: ScriptedSocket, command: SocketCommand): void {
    if (isLogin(command)) {
      if (command.type === 'socket.identify' && !socket.granted) this.violations.push('socket.identify without a slot');
      if (!socket.greeted) this.violations.push(`${command.type} before HELLO`);
      if (socket.commands.some(isLogin)) this.violations.push(`${command.type} on a connection that had logged in`);
    }
    socket.commands.push(command);
    this.#sent(say(command));
  }

  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no connection was opened yet');
    return socket;
  }

  get state() {
    return lifecycleOf(this.actor.getSnapshot());
  }

  /** The whole way to the state: `Online.link.session.Identifying.awaitingReady`. */
  get path(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  get context() {
    return this.actor.getSnapshot().context;
  }

  get decision() {
    return this.context.lastDecision;
  }

  /** What crossed the wire since it was last asked. */
  take(): string[] {
    return this.wire.splice(0);
  }

  tell(...events: ShardEvent[]): this {
    for (const event of events) {
      if (event.type === 'gateway.hello' && this.sockets.length > 0) this.socket.greeted = true;
      if (event.type === 'shutdown') this.wasShutDown = true;
      if (event.type === 'slot.granted' && this.slotsHeld > 0) this.socket.granted = true;
      this.actor.send(event);
    }
    return this;
  }

  tick(ms: number): this {
    this.clock.increment(ms);
    return this;
  }

  /** Lets time pass to the next timer, at most this long. */
  wait(atMostMs = DAY_MS): this {
    const { nextAtMs } = this.clock;
    if (nextAtMs === null) throw new Unlawful(`nothing is waited for in ${this.path}`);
    return this.tick(Math.min(nextAtMs - this.clock.now(), atMostMs));
  }

  /** Lets one of the shard's actors fail. */
  fail(child: (typeof fallible)[number]): this {
    (this.actor.getSnapshot().children[child] as unknown as { send(event: EventObject): void }).send(FAIL);
    return this;
  }

  hello(heartbeatIntervalMs = INTERVAL_MS): this {
    return this.tell({ type: 'gateway.hello', heartbeatIntervalMs });
  }

  ready(of: Session = session): this {
    return this.tell({ type: 'gateway.ready', session: of });
  }

  acknowledge(quietMs = 0): this {
    return this.tell({ type: 'gateway.acknowledged', latencyMs: 20, quietMs });
  }

  closed(
    code: number,
    { sequence = null, retryAfterMs = null, reason = '', endedTogether = 1 }: Partial<Closed> = {},
  ): this {
    return this.tell({ type: 'socket.closed', code, reason, sequence, retryAfterMs, endedTogether });
  }

  close(code = 1000): this {
    return this.tell({ type: 'close', code, reason: 'asked' });
  }

  shutdown(code = 1000): this {
    return this.tell({ type: 'shutdown', code, reason: 'asked' });
  }

  abort(code = 4900): this {
    return this.tell({ type: 'abort', code, reason: 'asked' });
  }
}

const isLogin = ({ type }: SocketCommand): boolean => type === 'socket.identify' || type === 'socket.resume';

interface Closed {
  readonly sequence: number | null;
  readonly retryAfterMs: number | null;
  readonly reason: string;
  readonly endedTogether: number;
}

const harnesses: Harness[] = [];

afterEach(() => {
  for (const { violations, actor } of harnesses.splice(0)) {
    expect(violations).toEqual([]);
    expect(actor.getSnapshot().status).not.toBe('error');
    actor.stop();
  }
});

export function startShard(options?: HarnessOptions): Harness {
  const harness = new Harness(options);
  harnesses.push(harness);
  return harness;
}

/** Every state there is, by its path in the chart. */
export type StatePath =
  | `Offline.${'idle' | 'fatal' | 'stopped'}`
  | `awaitingSession.${'optional' | 'required'}`
  | `Online.link.Connecting.${'opening' | 'awaitingHello'}`
  | `Online.link.session.Identifying.${'awaitingSlot' | 'backingOff'}`
  | `Online.link.session.Identifying.awaitingReady.${'prompt' | 'alive'}`
  | `Online.link.session.Connected.stabilizing.${'unacknowledged' | 'acknowledged'}`
  | `Online.link.session.Connected.${'lasting' | 'stable' | 'quiet'}`
  | 'Online.link.session.Resuming.replaying'
  | `Online.closing.${'reconnecting' | 'goingOffline' | 'stopping' | 'aborting'}`
  | 'Disconnected';

/** How to come to a state from Offline. */
const ways: Readonly<Record<StatePath, (shard: Harness) => Harness>> = {
  'Offline.idle': (shard) => shard,
  'Offline.fatal': (shard) => ways['Online.link.Connecting.opening'](shard).closed(4004),
  'Offline.stopped': (shard) => shard.shutdown(),
  'awaitingSession.optional': (shard) => shard.tell({ type: 'connect', session: null }),
  'awaitingSession.required': (shard) => shard.tell({ type: 'resume' }),
  'Online.link.Connecting.opening': (shard) => shard.tell({ type: 'connect', session: null }),
  'Online.link.Connecting.awaitingHello': (shard) =>
    ways['Online.link.Connecting.opening'](shard).tell({ type: 'socket.opened' }),
  'Online.link.session.Identifying.awaitingSlot': (shard) =>
    ways['Online.link.Connecting.awaitingHello'](shard).hello(),
  'Online.link.session.Identifying.backingOff': (shard) =>
    ways['Online.link.session.Identifying.awaitingSlot'](shard).tell({ type: 'slot.failed', reason: 'down' }),
  'Online.link.session.Identifying.awaitingReady.prompt': (shard) =>
    ways['Online.link.session.Identifying.awaitingSlot'](shard).tell({ type: 'slot.granted' }),
  'Online.link.session.Identifying.awaitingReady.alive': (shard) =>
    ways['Online.link.session.Identifying.awaitingReady.prompt'](shard).acknowledge(),
  'Online.link.session.Connected.stabilizing.unacknowledged': (shard) =>
    ways['Online.link.session.Identifying.awaitingReady.prompt'](shard).ready(),
  'Online.link.session.Connected.stabilizing.acknowledged': (shard) =>
    ways['Online.link.session.Connected.stabilizing.unacknowledged'](shard).acknowledge(),
  'Online.link.session.Connected.lasting': (shard) =>
    ways['Online.link.session.Connected.stabilizing.unacknowledged'](shard).tick(backoff.stableAfterMs),
  'Online.link.session.Connected.stable': (shard) =>
    ways['Online.link.session.Connected.stabilizing.acknowledged'](shard).tick(backoff.stableAfterMs),
  'Online.link.session.Connected.quiet': (shard) =>
    ways['Online.link.session.Connected.stable'](shard).acknowledge(quiet.afterMs),
  'Online.link.session.Resuming.replaying': (shard) =>
    shard.tell({ type: 'connect', session }, { type: 'socket.opened' }).hello(),
  'Online.closing.reconnecting': (shard) =>
    ways['Online.link.session.Connected.stable'](shard).tell({ type: 'gateway.reconnect' }),
  'Online.closing.goingOffline': (shard) => ways['Online.link.session.Connected.stable'](shard).close(),
  'Online.closing.stopping': (shard) => ways['Online.link.session.Connected.stable'](shard).shutdown(),
  'Online.closing.aborting': (shard) => ways['Online.link.session.Connected.stable'](shard).abort(),
  Disconnected: (shard) => ways['Online.link.session.Connected.stable'](shard).closed(4000, { retryAfterMs: 5_000 }),
};

export const statePaths = Object.keys(ways) as StatePath[];

/** A shard in this state, with nothing on the wire yet. */
export function shardIn(path: StatePath, options?: HarnessOptions): Harness {
  const shard = ways[path](startShard({ ...(path.startsWith('awaitingSession') && { asksStore: true }), ...options }));
  expect(shard.path).toBe(path);
  shard.take();
  return shard;
}

function say(command: SocketCommand): string {
  const name = command.type.slice('socket.'.length);
  if (command.type === 'socket.close' || command.type === 'socket.abort') return `${name} ${command.code}`;
  if (command.type === 'socket.send') return `${name} ${command.ticket.id}`;
  if (command.type === 'socket.resume') return `${name} ${command.session.id}@${command.session.sequence}`;
  return name;
}
