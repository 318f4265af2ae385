import {
  createActor,
  setup,
  type AnyStateMachine,
  type EventFrom,
  type EventObject,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate';
import { ExactClock } from './exactClock.js';
import { FAIL } from '../machines/scriptedRig.js';
import { lawbooks, type Chart } from './laws/index.js';
import { Unlawful } from './laws/lawbook.js';
import { sayReport, scriptedManager } from './managerWorld.js';
import { Observer, pathOf, say, type ObservedStep } from './observer.js';
import { listeners } from './scriptedActors.js';
import { sayWorkerReport, scriptedWorker } from './workerWorld.js';

interface Emitting {
  on?(type: '*', listener: (emitted: EventObject) => void): unknown;
}

/** A chart with actors of its own: here they only listen. Its reports have words of their own. */
interface World {
  readonly scripted: (machine: AnyStateMachine) => AnyStateMachine;
  readonly say: (emitted: EventObject) => string;
}

const worlds: Readonly<Record<string, World>> = {
  manager: { scripted: scriptedManager, say: sayReport as World['say'] },
  worker: { scripted: scriptedWorker, say: sayWorkerReport as World['say'] },
};

/** A chart other than the shard's on its own, under a parent that only listens. Every step is held against its laws. */
export class Child<Machine extends AnyStateMachine> {
  readonly clock = new ExactClock();
  readonly violations: string[] = [];
  lastEvent = '';
  readonly #parent;

  constructor(machine: Machine, input: InputFrom<Machine>, observe?: (step: ObservedStep) => void) {
    const world: World = worlds[machine.id] ?? { scripted: () => machine, say };
    const child = world.scripted(machine);
    const parent = setup({ actors: { child: child as AnyStateMachine } }).createMachine({
      invoke: { id: 'child', src: 'child', input: input as never },
    });
    this.#parent = createActor(parent, { clock: this.clock });
    const observer = new Observer(
      lawbooks,
      () => this.clock.now(),
      (step) => {
        this.lastEvent = step.event.type;
        this.violations.push(...lawbooks[step.chart as Chart].judge(step as never));
        observe?.(step);
      },
      (wrong) => this.violations.push(...wrong),
    );
    this.#parent.system.inspect(observer);
    this.#parent.subscribe({ error: (error) => this.violations.push(`the chart threw: ${String(error)}`) });
    listeners.set(this.#parent.system, (frame) => observer.sent(machine.id, frame));
    // The laws name what a chart emits as well as what it sends, from its start on.
    (this.#child as Emitting | undefined)?.on?.('*', (emitted) => observer.sent(machine.id, world.say(emitted)));
    this.#parent.start();
  }

  get #child() {
    return this.#parent.getSnapshot().children['child'];
  }

  get snapshot(): SnapshotFrom<Machine> {
    return this.#child?.getSnapshot() as SnapshotFrom<Machine>;
  }

  get path(): string {
    return pathOf((this.snapshot as { value: unknown }).value);
  }

  tell(event: EventFrom<Machine>): void {
    this.#child?.send(event);
  }

  /** Lets one of the chart's own actors fail. */
  fail(actor: string): void {
    const { children } = this.snapshot as unknown as {
      readonly children: Record<string, { send(event: EventObject): void }>;
    };
    children[actor]?.send(FAIL);
  }

  /** Lets time pass to the next timer. */
  wait(): void {
    const { nextAtMs } = this.clock;
    if (nextAtMs === null) throw new Unlawful(`nothing is waited for in ${this.path}`);
    this.clock.increment(nextAtMs - this.clock.now());
  }

  stop(): void {
    this.#parent.stop();
  }
}
