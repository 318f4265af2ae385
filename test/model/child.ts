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
import { lawbooks, type Chart } from './laws/index.js';
import { Unlawful } from './laws/lawbook.js';
import { Observer, pathOf, say, type ObservedStep } from './observer.js';

interface Emitting {
  on?(type: '*', listener: (emitted: EventObject) => void): unknown;
}

/** One of the shard's smaller charts on its own, under a parent that only listens. Every step is held against its laws. */
export class Child<Machine extends AnyStateMachine> {
  readonly clock = new ExactClock();
  readonly violations: string[] = [];
  lastEvent = '';
  readonly #parent;

  constructor(machine: Machine, input: InputFrom<Machine>, observe?: (step: ObservedStep) => void) {
    const parent = setup({ actors: { child: machine as AnyStateMachine } }).createMachine({
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
    this.#parent.start();
    // What a chart emits is as much a part of what it does as what it sends.
    const child = this.#parent.getSnapshot().children['child'];
    (child as Emitting | undefined)?.on?.('*', (emitted) => observer.sent(machine.id, say(emitted)));
  }

  get snapshot(): SnapshotFrom<Machine> {
    return this.#parent.getSnapshot().children['child']?.getSnapshot() as SnapshotFrom<Machine>;
  }

  get path(): string {
    return pathOf((this.snapshot as { value: unknown }).value);
  }

  tell(event: EventFrom<Machine>): void {
    this.#parent.getSnapshot().children['child']?.send(event);
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
