import { expect, vi } from 'vitest';
import { waitFor, type InspectionEvent } from 'xstate';
import { lifecycleOf } from '../../machines/lifecycle.js';
import { createIdentifyLimiter, createShard } from '../../src/index.js';
import type { Lifecycle, Malformed, Shard, ShardOptions, TransitionRecord } from '../../src/index.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import type { GatewaySimulator, RecordedFrame, Rule, SimulatorOptions } from '../../src/simulator/index.js';

/** No text but this one may look like it, so that a search for it finds leaks only. */
export const TOKEN = 'no.real.token.but.one.that.a.log.must.never.show.0123456789';

const IDENTIFY_WINDOW = 20;

/** What the shard keeps: longer than the gateway's, so that a machine that stutters breaks no rule. */
export const LIMITER_WINDOW = IDENTIFY_WINDOW + 100;

/** A day whose permits for further identifies are back at once: faults cost more identifies than a bot's night does. */
const ENDLESS_DAY = { total: 100_000_000, remaining: 100_000_000, reset_after: 86_400_000 };

export interface Rig {
  readonly simulator: GatewaySimulator;
  readonly shard: Shard;
  readonly transitions: TransitionRecord[];
  readonly malformed: Malformed[];
  /** Log lines by level. */
  readonly lines: Record<'debug' | 'info' | 'warn' | 'error', string[]>;
}

export interface Scenario {
  simulator?: SimulatorOptions;
  shard?: Partial<ShardOptions>;
  /** Rules the scenario is about; every other violation fails it. */
  breaks?: readonly Rule[];
}

export function simulate(options: SimulatorOptions = {}): Promise<GatewaySimulator> {
  return createGatewaySimulator({ token: TOKEN, identifyWindow: IDENTIFY_WINDOW, sendLimit: 10_000, ...options });
}

/** A shard with short limits on that simulator. */
export function shardOn(simulator: GatewaySimulator, options: Partial<ShardOptions> = {}): Shard {
  return createShard({
    token: TOKEN,
    // Guilds, GuildMembers, GuildPresences, GuildMessages.
    intents: 771,
    url: simulator.url,
    backoff: { initial: 20, max: 100, stableAfter: 50 },
    timeouts: { handshake: 3_000, hello: 3_000, ready: 3_000, readyMax: 3_000, resumed: 3_000, close: 200 },
    identifyLimiter: createIdentifyLimiter({ window: LIMITER_WINDOW, sessionStartLimit: ENDLESS_DAY }),
    logger: silentLogger,
    ...options,
  });
}

export const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A test's body with a simulator and a shard of its own. Whatever happened, in the end no rule was broken, the shard never
 * had two connections at a time, nothing is left open, and nothing that was said has the token in it.
 */
export function scenario(options: Scenario, body: (rig: Rig) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulator = await simulate(options.simulator);
    const lines: Rig['lines'] = { debug: [], info: [], warn: [], error: [] };
    const logger = {
      debug: (line: string) => void lines.debug.push(line),
      info: (line: string) => void lines.info.push(line),
      warn: (line: string) => void lines.warn.push(line),
      error: (line: string) => void lines.error.push(line),
    };
    const inspected: string[] = [];
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.event') inspected.push(JSON.stringify(event.event));
    };
    const shard = shardOn(simulator, { logger, inspect, ...options.shard });
    const transitions: TransitionRecord[] = [];
    const malformed: Malformed[] = [];
    shard.on('transition', (record) => transitions.push(record));
    shard.on('malformed', (report) => malformed.push(report));
    try {
      await body({ simulator, shard, transitions, malformed, lines });
      await shard.shutdown();
      await settled(simulator);
      const { breaks = [] } = options;
      expect(simulator.violations.filter(({ rule }) => !breaks.includes(rule))).toEqual([]);
      expect(overlaps(simulator)).toEqual([]);
      const said = JSON.stringify([lines, transitions, malformed, shard.actor.getPersistedSnapshot()]);
      expect([said, ...inspected].filter((text) => text.includes(TOKEN))).toEqual([]);
    } catch (error) {
      // What seldom fails, on a busy machine, can only be understood from what happened then.
      const moves = transitions.map(({ at, from, to, event, decision }) =>
        [at, from, to, event.type, decision?.reason].join(' '),
      );
      throw new Error([`${String(error)}; now ${Date.now()}, ${shard.state}:`, ...moves].join('\n'), { cause: error });
    } finally {
      await shard.shutdown();
      await simulator.close();
    }
  };
}

/** Polls until it is true, or no longer throws. */
export function until(condition: () => unknown, timeout = 8_000): Promise<void> {
  return vi.waitFor(
    () => {
      const value = condition();
      if (value === false || value === undefined) throw new Error(`not within ${timeout} ms: ${String(condition)}`);
    },
    { timeout, interval: 5 },
  );
}

/** The promise, or a failure where it takes too long: for what must not hang. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still pending after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Hears of it in the turn in which it happens: the shard may not stay there long enough to be polled. */
export async function reached(shard: Shard, state: Lifecycle, timeout = 8_000): Promise<void> {
  await waitFor(shard.actor, (snapshot) => lifecycleOf(snapshot) === state, { timeout });
}

/** Watches for so long that nothing happens: the value stays what it is. */
export async function stays<T>(read: () => T, ms: number): Promise<void> {
  const before = read();
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(read()).toEqual(before);
  }
}

/** Every connection has ended, by the gateway's own account. */
export function settled(simulator: GatewaySimulator): Promise<void> {
  return until(() => simulator.connections.every(({ open }) => !open));
}

/** The gateway takes another identify of any shard: a new one knows of none of those before it. */
export function identifiable(simulator: GatewaySimulator): Promise<void> {
  const sinceLast = () => performance.timeOrigin + performance.now() - (simulator.identifies.at(-1)?.at ?? 0);
  return until(() => sinceLast() > IDENTIFY_WINDOW);
}

/** Pairs of connections that were open at the same time. */
export function overlaps(simulator: GatewaySimulator): [number, number][] {
  const found: [number, number][] = [];
  for (const [index, a] of simulator.connections.entries()) {
    for (const b of simulator.connections.slice(index + 1)) {
      if (a.shardId !== null && b.shardId !== null && a.shardId !== b.shardId) continue;
      if (a.closedAt === null || a.closedAt > b.openedAt) found.push([a.id, b.id]);
    }
  }
  return found;
}

/** How each connection authenticated, and where: `['identify /', 'resume /resume']`. */
export function story(simulator: GatewaySimulator): string[] {
  return sentBy(simulator)
    .filter(({ op }) => op === 2 || op === 6)
    .map(({ op, connection }) => `${op === 2 ? 'identify' : 'resume'} ${simulator.connections[connection - 1]?.path}`);
}

/** What the client sent. */
export function sentBy(simulator: GatewaySimulator, op?: number): RecordedFrame[] {
  return simulator.frames.filter(
    ({ direction, op: ownOp }) => direction === 'client' && (op === undefined || ownOp === op),
  );
}

/** What the gateway sent. */
export function sentTo(simulator: GatewaySimulator, t: string): RecordedFrame[] {
  return simulator.frames.filter((frame) => frame.direction === 'gateway' && frame.t === t);
}

export function data(frame: RecordedFrame | undefined): Record<string, unknown> {
  return (frame?.d ?? {}) as Record<string, unknown>;
}

/** Numbered dispatches, one every few milliseconds, and what of them a shard's listener got. */
export function flow(simulator: GatewaySimulator, shard: Shard, everyMs = 3) {
  const received: number[] = [];
  let sent = 0;
  shard.on('MESSAGE_CREATE', (message) => void received.push((message as unknown as { n: number }).n));
  const timer = setInterval(() => {
    if (simulator.dispatch('MESSAGE_CREATE', { n: sent }) > 0) sent += 1;
  }, everyMs);
  return {
    received,
    get sent() {
      return sent;
    },
    stop: () => clearInterval(timer),
    /** Ends the flow; all that was sent is with the listener, in order and once. */
    async isWhole() {
      clearInterval(timer);
      await until(() => received.length >= sent);
      expect(received).toEqual(Array.from({ length: sent }, (_, n) => n));
    },
    /** Ends the flow; what came, came in order and once, up to the last. */
    async isOrdered() {
      const mark = sent;
      await until(() => (received.at(-1) ?? -1) >= mark);
      clearInterval(timer);
      await until(() => received.at(-1) === sent - 1);
      expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
    },
  };
}
