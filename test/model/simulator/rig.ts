import { expect } from 'vitest';
import type { EventObject } from 'xstate';
import { createShard, type Shard } from '../../../src/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../../src/simulator/index.js';
import type { Session } from '../../../src/protocol/session.js';
import { overlaps, silentLogger, TOKEN, until, within } from '../../shard/rig.js';
import { lawbooks } from '../laws/index.js';
import { Observer, type ObservedStep } from '../observer.js';
import { project } from '../shardPaths.js';
import { expectedWire, recordedWire, type WireConnection } from './wire.js';
import { Gates } from './gates.js';
import { judge } from './judge.js';
import { Environment } from './environment.js';
import { isOpen } from './possible.js';
import { say, type RunStep, type Run } from './runs.js';
import { LimiterRig } from './limiterRig.js';
import { StoreRig } from './storeRig.js';
import { timing } from './timing.js';

/** Longest wait for an event of a run. */
const PATIENCE_MS = 20_000;

/** Paths of the chart alone have a heart of one of two rhythms: here it has the rhythm that the run needs. */
const withoutHeart = (configuration: string) => configuration.replace(/, (fast|slow) heart/, '');

/** Step of the shard's chart, with the configuration right after it. */
interface TakenStep extends ObservedStep {
  readonly configuration: string;
}

/** Real shard with a simulator of its own, for one run. */
export class RunRig {
  readonly taken: TakenStep[] = [];
  readonly #run: Run;
  readonly #simulator: GatewaySimulator;
  readonly #shard: Shard;
  readonly #environment: Environment;
  /** Mistakes of the shard, which must stay empty in every run. */
  readonly #wrong: string[] = [];
  /** Number of connections before this shard's first. */
  readonly #earlier: number;
  /** Number of taken steps that the run has checked. */
  #checked = 0;
  #wake = () => {};

  static async open(run: Run): Promise<RunRig> {
    const { heartbeatInterval } = timing(run);
    const simulator = await createGatewaySimulator({
      token: TOKEN,
      identifyWindow: 0,
      heartbeatInterval,
      heartbeatSlack: Infinity,
    });
    try {
      return new RunRig(run, simulator, hasSession(run) ? await sessionOn(simulator) : null);
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
    const limiter = new LimiterRig();
    const store = new StoreRig(session);
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
    this.#environment = new Environment({ shard: this.#shard, simulator, gates: new Gates(simulator), limiter, store });
  }

  /** Causes each event of the run. Throws at the first step that does not lead where the chart says. */
  async run(): Promise<void> {
    const { steps } = this.#run;
    for (const [index, { event, within: isSentWithin, reaches }] of steps.entries()) {
      if (isSentWithin !== true) {
        this.#sendWithin(steps.slice(index + 1));
        if (isOpen(this.#path) && event.type === 'socket.closed') await this.#allRead();
        this.#environment.cause(event, steps[index + 1]?.event);
      }
      const taken = await this.#next(event.type);
      expect(withoutHeart(taken.configuration), this.#story).toBe(withoutHeart(reaches));
      expect(taken.event, this.#story).toMatchObject(choice(event));
      this.#environment.stop();
    }
  }

  /** Compares the recorded connections and frames with those that the laws demand for the steps taken. */
  async check(): Promise<void> {
    await until(() => {
      expect(recordedWire(this.#simulator, this.#earlier), this.#story).toEqual(expectedWire(this.taken));
      return true;
    });
    expect(this.#wrong, this.#story).toEqual([]);
    expect(this.#simulator.violations, this.#story).toEqual([]);
    expect(overlaps(this.#simulator), this.#story).toEqual([]);
  }

  async close(): Promise<void> {
    this.#environment.stop();
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
    return `run ${list(this.#run.steps)}; taken ${list(this.taken)}`;
  }

  #observe(step: ObservedStep): void {
    if (step.chart !== 'shard') return;
    this.taken.push({ ...step, refused: step.refused, configuration: project(this.#shard.actor.getSnapshot()) });
    this.#wrong.push(...judge(step));
    this.#wake();
  }

  /** Sends the events that belong within a listener of the next event. */
  #sendWithin(steps: readonly RunStep[]): void {
    const first = steps.findIndex(({ within: isSentWithin }) => isSentWithin !== true);
    const together = first < 0 ? steps : steps.slice(0, first);
    if (together.length === 0) return;
    this.#shard.once('transition', () => together.forEach(({ event }) => this.#environment.command(event)));
  }

  /** Resolves with the step of this event. Beats and reports that come first must not change the state. */
  async #next(type: string): Promise<TakenStep> {
    for (;;) {
      const step = this.taken[this.#checked] ?? (await this.#arrival(type));
      this.#checked += 1;
      if (step.event.type === type) return step;
      if (step.before.path !== step.after.path) {
        throw new Error(`${this.#story}: ${step.event.type} came instead of ${type}`);
      }
    }
  }

  /** Resolves in the turn in which the step is taken, before the gateway can read anything. */
  #arrival(type: string): Promise<TakenStep> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#story}: ${type} never came`)), PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(this.taken[this.#checked] as TakenStep);
      };
    });
  }

  /** Waits until the gateway has read all frames: none is lost with the connection. */
  async #allRead(): Promise<void> {
    await until(() => framesIn(recordedWire(this.#simulator, this.#earlier)) === framesIn(expectedWire(this.taken)));
  }
}

const list = (steps: readonly { readonly event: EventObject }[]) => steps.map(({ event }) => say(event)).join(', ');
const framesIn = (wire: readonly WireConnection[]) => wire.reduce((frames, { sent }) => frames + sent.length, 0);

/** Data that the environment has chosen for an event. */
function choice(event: EventObject): object {
  const { code, resumable, retryAfterMs } = event as { code?: number; resumable?: boolean; retryAfterMs?: number };
  return {
    ...(code !== undefined && { code }),
    ...(resumable !== undefined && { resumable }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  };
}

/** True where a session comes with the options, or with the store's answer. */
const hasSession = ({ input }: Run) => input.session !== null || input.asksStore === true;

/** Session that the gateway knows from an earlier shard. */
async function sessionOn(simulator: GatewaySimulator): Promise<Session | null> {
  const shard = createShard({ token: TOKEN, intents: 1, url: simulator.url, logger: silentLogger });
  await shard.connect();
  const { session } = shard;
  await shard.shutdown({ resumable: true });
  return session;
}
