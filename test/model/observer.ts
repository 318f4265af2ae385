import { getNextTransitions, type AnyMachineSnapshot, type InspectionEvent } from 'xstate';

export type AnyTransitionDefinition = ReturnType<typeof getNextTransitions>[number];
import { isWithin, REGIONS, regionsOf, type Position, type Step } from './laws/lawbook.js';

/** A step of one chart, and the transitions of its definition that were taken and looked at. */
export interface ObservedStep extends Step<unknown> {
  readonly chart: string;
  readonly taken: readonly AnyTransitionDefinition[];
  /** Guarded transitions that were looked at and refused. */
  readonly refused: readonly AnyTransitionDefinition[];
}

/** The part of a chart's laws that the observer uses. */
interface Laws {
  judgeStart(position: Position<unknown>, frames: readonly string[]): string[];
  find(position: Position<unknown>, event: { readonly type: string }): { readonly restarts?: string } | undefined;
}

interface Life {
  readonly chart: string;
  position: Position<unknown>;
  snapshot: AnyMachineSnapshot;
  readonly enteredAtMs: Map<string, number>;
  taken: AnyTransitionDefinition[];
  frames: string[];
}

/** Follows every chart of an actor system and tells its steps, each with all that left the chart in it. */
export class Observer {
  readonly #lives = new Map<unknown, Life>();
  /** What left charts that are only starting. */
  #early: { readonly chart: string; readonly frame: string }[] = [];
  readonly #lawbooks: Readonly<Record<string, Laws>>;
  readonly #nowMs: () => number;
  readonly #told: (step: ObservedStep) => void;
  /** Told what is unlawful about how a chart begins, as soon as one does. */
  readonly #begun: (wrong: readonly string[]) => void;

  constructor(
    lawbooks: Readonly<Record<string, Laws>>,
    nowMs: () => number,
    told: (step: ObservedStep) => void,
    begun: (wrong: readonly string[]) => void = () => {},
  ) {
    this.#begun = begun;
    this.#lawbooks = lawbooks;
    this.#nowMs = nowMs;
    this.#told = told;
  }

  /** The observer of the actor system. */
  readonly next = (inspected: InspectionEvent): void => {
    const actor: unknown = inspected.actorRef;
    if (inspected.type === '@xstate.microstep') {
      const { _transitions: transitions } = inspected;
      this.#life(actor)?.taken.push(...transitions);
    } else if (inspected.type === '@xstate.event') {
      const { event, sourceRef } = inspected;
      const source = this.#lives.get(sourceRef);
      // Reports to the charts of its children and to its parent count as frames of the chart as well.
      if (source !== undefined && sourceRef !== actor && isReport(event)) source.frames.push(say(event));
    } else if (inspected.type === '@xstate.snapshot') {
      this.#snapshot(actor, inspected.event, inspected.snapshot as AnyMachineSnapshot);
    }
  };

  /** Something left a chart by a way no inspection shows. */
  sent(chart: string, frame: string): void {
    const lives = [...this.#lives.values()].filter((life) => life.chart === chart);
    if (lives.length === 0) this.#early.push({ chart, frame });
    for (const life of lives) life.frames.push(frame);
  }

  #life(actor: unknown): Life | undefined {
    const known = this.#lives.get(actor);
    if (known !== undefined) return known;
    const chart = chartOf(actor);
    if (chart === undefined || !(chart in this.#lawbooks)) return undefined;
    const life: Life = {
      chart,
      position: { path: '', context: {} },
      snapshot: undefined as never,
      enteredAtMs: new Map(),
      taken: [],
      frames: this.#early.filter((sent) => sent.chart === chart).map(({ frame }) => frame),
    };
    this.#early = this.#early.filter((sent) => sent.chart !== chart);
    this.#lives.set(actor, life);
    return life;
  }

  #snapshot(actor: unknown, event: { readonly type: string }, snapshot: AnyMachineSnapshot): void {
    const life = this.#life(actor);
    if (life === undefined) return;
    const before = life.position;
    const [taken, frames] = [life.taken, life.frames];
    const was = life.snapshot;
    life.taken = [];
    life.frames = [];
    life.snapshot = snapshot;
    if (snapshot.status === 'error' || event.type === 'xstate.stop') return;
    life.position = { path: pathOf(snapshot.value), context: snapshot.context };
    const elapsedMs = new Map(
      [...life.enteredAtMs].map(([path, enteredAtMs]) => [path, this.#nowMs() - enteredAtMs] as const),
    );
    if (was === undefined) {
      this.#enter(life, '', before.path);
      this.#begun(this.#lawbooks[life.chart]?.judgeStart(life.position, frames) ?? []);
      return;
    }
    const restarts = this.#lawbooks[life.chart]?.find(before, event)?.restarts;
    this.#enter(life, restarts ?? '', before.path);
    this.#told({
      chart: life.chart,
      event,
      before,
      after: life.position,
      frames,
      elapsedMs,
      taken,
      get refused() {
        return refusals(was, event, snapshot, taken);
      },
    });
  }

  /** Notes when the states that are new were entered. */
  #enter({ enteredAtMs, position }: Life, restarts: string, before: string): void {
    for (const path of enteredAtMs.keys()) {
      if (!isWithin(position.path, path) || (restarts !== '' && isWithin(path, restarts))) enteredAtMs.delete(path);
    }
    for (const leaf of regionsOf(position.path)) {
      const names = leaf.split('.');
      names.forEach((_, depth) => {
        const path = names.slice(0, depth + 1).join('.');
        const isNew = !enteredAtMs.has(path) || (path === leaf && !regionsOf(before).includes(leaf));
        if (isNew) enteredAtMs.set(path, this.#nowMs());
      });
    }
  }
}

/** Guarded transitions for this event that were looked at before the one taken, and `always` edges that did not apply. */
function refusals(
  before: AnyMachineSnapshot,
  event: { readonly type: string },
  after: AnyMachineSnapshot,
  taken: readonly AnyTransitionDefinition[],
): AnyTransitionDefinition[] {
  const candidates = getNextTransitions(before).filter(({ eventType }) => eventType === event.type);
  const chosen = candidates.findIndex((candidate) => taken.includes(candidate));
  const passed = chosen < 0 ? candidates : candidates.slice(0, chosen);
  const idle = getNextTransitions(after).filter(({ eventType }) => eventType === '');
  return [...passed, ...idle].filter(({ guard }) => guard !== undefined);
}

/** The chart that an actor runs: the id of its machine. */
function chartOf(actor: unknown): string | undefined {
  return ((actor as { logic?: { id?: string } }).logic ?? {}).id;
}

const isReport = ({ type }: { readonly type: string }) =>
  /^(heartbeat|bucket)\./.test(type) && type !== 'bucket.open' && type !== 'bucket.close';

/** A chart's report in a word: its name, and the ticket it is about. */
export function say(event: { readonly type: string }): string {
  const { ticket, id } = event as { readonly ticket?: { readonly id: number }; readonly id?: number };
  const about = ticket?.id ?? id;
  return about === undefined ? event.type : `${event.type} ${about}`;
}

/** The way to the innermost active state; to one of each region, where there are several: `Online.a & Online.b`. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as object)
    .flatMap(([name, inner]) => regionsOf(pathOf(inner)).map((path) => `${name}.${path}`))
    .join(REGIONS);
}
