import { expect } from 'vitest';
import type { EventObject } from 'xstate';
import { createShard, type Shard } from '../../../src/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../../src/simulator/index.js';
import type { Session } from '../../../src/protocol/session.js';
import { overlaps, silentLogger, TOKEN, until, within } from '../../shard/rig.js';
import { lawbooks } from '../laws/index.js';
import { Observer, type ObservedStep } from '../observer.js';
import { project } from '../shardPaths.js';
import { owedWire, seenWire, type Crossed } from './crossed.js';
import { Gates } from './gates.js';
import { judge } from './judge.js';
import { Outside } from './outside.js';
import { isOpen } from './possible.js';
import { say, type Deed, type Run } from './runs.js';
import { ScriptedLimiter } from './scriptedLimiter.js';
import { ScriptedStore } from './scriptedStore.js';
import { timing } from './timing.js';

/** What takes longer than this will never come. */
const PATIENCE_MS = 15_000;

/** A step of the shard's chart, and the configuration the shard was in right after it. */
interface Taken extends ObservedStep {
  readonly configuration: string;
}

/** A real shard and a simulator of its own, for one run. */
export class Stage {
  readonly taken: Taken[] = [];
  readonly #run: Run;
  readonly #simulator: GatewaySimulator;
  readonly #shard: Shard;
  readonly #outside: Outside;
  /** What must never happen, whatever the run is about. */
  readonly #wrong: string[] = [];
  /** Connections before this shard's first. */
  readonly #earlier: number;
  /** How many of the steps taken the run has gone through. */
  #told = 0;
  #wake = () => {};

  static async open(run: Run): Promise<Stage> {
    const { heartbeatInterval } = timing(run);
    const simulator = await createGatewaySimulator({
      token: TOKEN,
      identifyWindow: 0,
      heartbeatInterval,
      heartbeatSlack: Infinity,
    });
    try {
      return new Stage(run, simulator, hasSession(run) ? await sessionOn(simulator) : null);
    } catch (error) {
      await simulator.close();
      throw error;
    }
  }

  constructor(run: Run, simulator: GatewaySimulator, session: Session | null) {
    const { timeouts, backoff } = timing(run);
    const { autoReconnect, resumeAttempts } = run.input;
    const observer = new Observer(lawbooks, Date.now, (step) => this.#observe(step));
    const error = (message: string) => {
      if (!/refused the shard for good|the session store/.test(message)) this.#wrong.push(message);
    };
    const limiter = new ScriptedLimiter();
    const store = new ScriptedStore(session);
    this.#run = run;
    this.#simulator = simulator;
    this.#earlier = simulator.connections.length;
    this.#shard = createShard({
      token: TOKEN,
      intents: 1,
      url: simulator.url,
      ...(run.input.asksStore === true ? { sessionStore: store } : { session }),
      autoReconnect,
      resumeAttempts,
      timeouts,
      backoff,
      identifyLimiter: limiter,
      logger: { ...silentLogger, error },
      inspect: observer,
    });
    this.#outside = new Outside({ shard: this.#shard, simulator, gates: new Gates(simulator), limiter, store });
  }

  /** Goes through the run. Throws at the first step that does not lead where the chart says. */
  async play(): Promise<void> {
    const { steps } = this.#run;
    for (const [index, { event, within: isTold, reaches }] of steps.entries()) {
      if (isTold !== true) {
        this.#tellWithin(steps.slice(index + 1));
        if (isOpen(this.#path) && event.type === 'socket.closed') await this.#isRead();
        this.#outside.bringAbout(event, steps[index + 1]?.event);
      }
      const taken = await this.#next(event.type);
      expect(taken.configuration, this.#story).toBe(reaches);
      expect(taken.event, this.#story).toMatchObject(choice(event));
      this.#outside.rest();
    }
  }

  /** Holds what has crossed the wire against what the laws demand of the steps that were taken. */
  async check(): Promise<void> {
    await until(() => {
      expect(seenWire(this.#simulator, this.#earlier), this.#story).toEqual(owedWire(this.taken));
      return true;
    });
    expect(this.#wrong, this.#story).toEqual([]);
    expect(this.#simulator.violations, this.#story).toEqual([]);
    expect(overlaps(this.#simulator), this.#story).toEqual([]);
  }

  async close(): Promise<void> {
    this.#outside.rest();
    this.#shard.forceClose();
    try {
      await within(PATIENCE_MS, this.#shard.shutdown());
    } finally {
      await this.#simulator.close();
    }
  }

  get #path(): string {
    return this.taken.at(-1)?.after.path ?? '';
  }

  get #story(): string {
    return `told ${list(this.#run.steps)}; took ${list(this.taken)}`;
  }

  #observe(step: ObservedStep): void {
    if (step.chart !== 'shard') return;
    this.taken.push({ ...step, refused: step.refused, configuration: project(this.#shard.actor.getSnapshot()) });
    this.#wrong.push(...judge(step));
    this.#wake();
  }

  /** What must be told within a listener is told in the one that hears of the event to come. */
  #tellWithin(steps: readonly Deed[]): void {
    const first = steps.findIndex(({ within: isTold }) => isTold !== true);
    const together = first < 0 ? steps : steps.slice(0, first);
    if (together.length === 0) return;
    this.#shard.once('transition', () => together.forEach(({ event }) => this.#outside.tell(event)));
  }

  /** The step with this event. What comes in between, beats and reports, must lead nowhere. */
  async #next(type: string): Promise<Taken> {
    for (;;) {
      const step = this.taken[this.#told] ?? (await this.#arrival(type));
      this.#told += 1;
      if (step.event.type === type) return step;
      if (step.before.path !== step.after.path) {
        throw new Error(`${this.#story}: ${step.event.type} came instead of ${type}`);
      }
    }
  }

  /** Goes on in the very turn in which the step is taken, before the gateway can have read anything. */
  #arrival(type: string): Promise<Taken> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#story}: ${type} never came`)), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(this.taken[this.#told] as Taken);
      };
    });
  }

  /** The gateway has read all that was sent: nothing is lost with the connection. */
  async #isRead(): Promise<void> {
    await until(() => framesIn(seenWire(this.#simulator, this.#earlier)) === framesIn(owedWire(this.taken)));
  }
}

const list = (steps: readonly { readonly event: EventObject }[]) => steps.map(({ event }) => say(event)).join(', ');
const framesIn = (wire: readonly Crossed[]) => wire.reduce((frames, { sent }) => frames + sent.length, 0);

/** What the outside has chosen to say with an event. */
function choice(event: EventObject): object {
  const { code, resumable, retryAfterMs } = event as { code?: number; resumable?: boolean; retryAfterMs?: number };
  return {
    ...(code !== undefined && { code }),
    ...(resumable !== undefined && { resumable }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  };
}

/** Comes with the options, or with the store's answer. */
const hasSession = ({ input }: Run) => input.session !== null || input.asksStore === true;

/** A session the gateway knows: that of a process before this one. */
async function sessionOn(simulator: GatewaySimulator): Promise<Session | null> {
  const shard = createShard({ token: TOKEN, intents: 1, url: simulator.url, logger: silentLogger });
  await shard.connect();
  const { session } = shard;
  await shard.shutdown({ resumable: true });
  return session;
}
