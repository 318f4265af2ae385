/**
 * What a chart owes, written a second time: by hand from Discord's documentation and what we decide on it, not from the chart.
 *
 * A law says, for some states and one event, where the chart must be afterwards, what must have left it and what it must
 * know. What no law names must change nothing at all. Each step of each chart test is held against the laws, so a chart
 * and its laws can only be changed together, as in double-entry bookkeeping.
 */

/** A chart at rest. */
export interface Position<Context> {
  /** The whole way to the state: `Online.link.session.Identifying.awaitingReady`. With parallel regions, one way for each. */
  readonly path: string;
  readonly context: Context;
}

/** One event and all it led to. */
export interface Step<Context> {
  readonly event: { readonly type: string };
  readonly before: Position<Context>;
  readonly after: Position<Context>;
  /** What left the chart in this step, in order. */
  readonly frames: readonly string[];
  /** How long the chart has been in each state it was in, by path, in milliseconds. */
  readonly elapsedMs: ReadonlyMap<string, number>;
}

/** What a law demands. What it does not mention stays as it was. */
export interface Outcome<Context> {
  readonly to?: string;
  readonly frames?: readonly string[];
  readonly context?: { readonly [Key in keyof Context]?: Context[Key] | Expectation };
}

/** A value that is not known to the last digit. */
export class Expectation {
  constructor(
    readonly says: string,
    readonly accepts: (value: unknown) => boolean,
  ) {}

  toJSON(): string {
    return `<${this.says}>`;
  }
}

/** Facts of the step that a law judges. */
export interface Facts<Context, Event> {
  readonly path: string;
  readonly context: Context;
  readonly event: Event;
}

export interface Law<Context> {
  /** The law in words. */
  readonly says: string;
  /** Paths of the states it holds in, with all below them. */
  readonly in: readonly string[];
  /** Type of the event; of the timer, `xstate.after.ready`, without the state it belongs to. */
  readonly on: string;
  readonly if?: (facts: Facts<Context, never>) => boolean;
  readonly owes: (facts: Facts<Context, never>) => Outcome<Context>;
  /** A state that is left and entered again, so that its timers restart, although the path stays the same. */
  readonly restarts?: string;
  /** For timers: the state they start with, and how long they take. */
  readonly timer?: { readonly of: string; readonly ms: (context: Context) => number };
}

/** Where a chart begins, and what it knows then besides its input. */
export interface Begins<Context> {
  readonly in: string;
  readonly context: Partial<Context>;
  /** What leaves it at once. */
  readonly frames?: readonly string[];
}

export class Lawbook<Context> {
  readonly laws: readonly Law<Context>[];
  /** How often each law was applied. */
  readonly applied = new Map<Law<Context>, number>();
  readonly #begins: Begins<Context>;
  readonly #byEvent = new Map<string, Law<Context>[]>();

  constructor(begins: Begins<Context>, laws: readonly Law<Context>[]) {
    this.#begins = begins;
    this.laws = laws;
    for (const law of laws) {
      this.applied.set(law, 0);
      this.#byEvent.set(law.on, [...(this.#byEvent.get(law.on) ?? []), law]);
    }
  }

  /** The law for this event in this position, or undefined where it must change nothing. */
  find({ path, context }: Position<Context>, event: { readonly type: string }): Law<Context> | undefined {
    const facts = { path, context, event } as Facts<Context, never>;
    const laws = this.lawsOn(event.type).filter(
      (law) => law.in.some((state) => isWithin(path, state)) && (law.if?.(facts) ?? true),
    );
    if (laws.length > 1)
      throw new Error(`two laws for ${event.type} in ${path}: ${laws.map(({ says }) => says).join('; ')}`);
    return laws[0];
  }

  lawsOn(type: string): readonly Law<Context>[] {
    return this.#byEvent.get(timerName(type)) ?? [];
  }

  /** What is unlawful about how a chart begins. */
  judgeStart({ path, context }: Position<Context>, sent: readonly string[]): string[] {
    const { frames: due = [] } = this.#begins;
    const wrong = path === this.#begins.in ? [] : [`begins in ${path}, not in ${this.#begins.in}`];
    if (sent.join() !== due.join()) wrong.push(`begins with [${sent.join(', ')}], not [${due.join(', ')}]`);
    return [...wrong, ...this.#compare({ ...context, ...this.#begins.context }, context)];
  }

  /** What is unlawful about a step; nothing if all is well. */
  judge(step: Step<Context>): string[] {
    const { before, after, event, frames } = step;
    const law = this.find(before, event);
    if (law !== undefined) this.applied.set(law, (this.applied.get(law) ?? 0) + 1);
    const { to = before.path, frames: due = [], context = {} } = law?.owes({ ...before, event } as never) ?? {};
    const wrong: string[] = [];
    if (after.path !== to) wrong.push(`is in ${after.path}, not in ${to}`);
    if (frames.join() !== due.join()) wrong.push(`sent [${frames.join(', ')}], not [${due.join(', ')}]`);
    wrong.push(...this.#compare({ ...before.context, ...context } as Context, after.context));
    if (law?.timer !== undefined) {
      const waited = step.elapsedMs.get(law.timer.of) ?? 0;
      const due = law.timer.ms(before.context);
      if (waited !== due) wrong.push(`waited ${waited} ms, not ${due} ms`);
    }
    return wrong.map(
      (what) => `${before.path} on ${JSON.stringify(event)}: ${what} (${law?.says ?? 'no law: nothing may change'})`,
    );
  }

  #compare(expected: Context, found: Context): string[] {
    return Object.entries(expected as object)
      .filter(([key, value]) => !agrees(value, found[key as keyof Context]))
      .map(([key, value]) => `${key} is ${JSON.stringify(found[key as keyof Context])}, not ${JSON.stringify(value)}`);
  }
}

/** A chart has done something else than it should. Any other error in a check is one of the check's own. */
export class Unlawful extends Error {
  override readonly name = 'Unlawful';
}

/** Stands between the paths of parallel regions. */
export const REGIONS = ' & ';

export const regionsOf = (path: string): string[] => path.split(REGIONS);

/** Whether a path, or that of one of its regions, is this state or one below it. */
export function isWithin(path: string, state: string): boolean {
  return state === '' || regionsOf(path).some((region) => region === state || region.startsWith(`${state}.`));
}

/** `xstate.after.ready.shard.Online…` -> `xstate.after.ready`; any other event by its own name. */
export function timerName(type: string): string {
  return type.startsWith('xstate.after.') ? type.split('.').slice(0, 3).join('.') : type;
}

function agrees(expected: unknown, found: unknown): boolean {
  if (expected instanceof Expectation) return expected.accepts(found);
  if (typeof expected !== 'object' || expected === null || typeof found !== 'object' || found === null) {
    return Object.is(expected, found);
  }
  const entries = Object.entries(expected);
  return (
    entries.length === Object.keys(found).length &&
    entries.every(([key, value]) => agrees(value, found[key as keyof typeof found]))
  );
}
