import type {
  ManagerContext,
  OperationFailure,
  Prepared,
  ShardRef,
  ShardSet,
  ShardStart,
} from '../../../machines/index.js';
import { Expectation, type Outcome } from './lawbook.js';

/** Where a shard stands: `closing` until it is gone. */
export type Place = 'up' | ShardStart['phase'] | 'away' | 'down' | 'closing';

export const nameOf = ({ set, id }: { readonly set: number; readonly id: number }) => `${set}/${id}`;

/** A second account of each shard of a manager, by name: `1/0` is shard 0 of set 1. Laws enter each change here. */
export class Sheet {
  readonly frames: string[] = [];
  current: ShardSet | null;
  next: ShardSet | null;
  previous: ShardSet | null;
  lastSet: number;
  maxConcurrency: number | null;
  restart: { readonly rolling: boolean; readonly newSessions: boolean } | null;
  failed: string[];
  /** Shards that are still to be restarted. */
  due: string[];
  /** Places but `up`, in the order in which the shards came there. */
  readonly #places = new Map<string, Place>();
  readonly #resuming = new Set<string>();
  readonly #maxOpening: number;

  constructor(context: ManagerContext) {
    ({
      current: this.current,
      next: this.next,
      previous: this.previous,
      lastSet: this.lastSet,
      maxConcurrency: this.maxConcurrency,
    } = context);
    const { starting, lost, leaving, failed, restart } = context;
    this.#maxOpening = context.maxOpening;
    this.failed = failed.map(nameOf);
    this.restart = restart && { rolling: restart.rolling, newSessions: restart.newSessions };
    this.due = restart?.due.map(nameOf) ?? [];
    for (const start of starting) if (start.resumes) this.#resuming.add(nameOf(start));
    for (const start of starting) this.#places.set(nameOf(start), start.phase);
    for (const shard of lost) this.#places.set(nameOf(shard), shard.returns ? 'away' : 'down');
    for (const ref of leaving) this.#places.set(nameOf(ref), 'closing');
  }

  /** Every shard of a set, and every one that is still on its way out of one. */
  get all(): string[] {
    const sets = [this.current, this.next, this.previous];
    return [...new Set([...sets.flatMap(namesIn), ...this.namesAt('closing')])];
  }

  placeOf(name: string): Place {
    return this.#places.get(name) ?? 'up';
  }

  move(names: readonly string[], place: Place): this {
    for (const name of names) {
      this.#places.delete(name);
      if (place !== 'up') this.#places.set(name, place);
    }
    return this;
  }

  namesAt(...places: Place[]): string[] {
    return [...this.#places].filter(([, place]) => places.includes(place)).map(([name]) => name);
  }

  isNone(...places: Place[]): boolean {
    return this.namesAt(...places).length === 0;
  }

  begin(): this {
    this.failed = [];
    return this;
  }

  /** A new set, whose shards wait for their turns. Shards that resume hold up no other, and go first. */
  create({ total, ids, resumable, maxConcurrency }: Prepared): ShardSet {
    this.lastSet += 1;
    this.maxConcurrency = maxConcurrency;
    const set = { number: this.lastSet, total, ids };
    this.frames.push(`set.create ${set.number}: ${ids.join(' ')} of ${total}`);
    const resuming = new Set(resumable);
    const inTurn = ids.toSorted((a, b) => Number(resuming.has(b)) - Number(resuming.has(a)));
    this.move(
      inTurn.map((id) => nameOf({ set: set.number, id })),
      'waiting',
    );
    for (const id of ids) if (resuming.has(id)) this.#resuming.add(nameOf({ set: set.number, id }));
    return set;
  }

  /** Connects the shards in turn: not more than `maxOpening` at once, and of those that will identify one in each key. */
  connect(): this {
    for (const name of this.namesAt('waiting')) {
      const opening = this.namesAt('opening');
      if (opening.length >= this.#maxOpening) break;
      const rivals = opening.filter((other) => !this.#resuming.has(other) && this.#keyOf(other) === this.#keyOf(name));
      if (!this.#resuming.has(name) && rivals.length > 0) continue;
      this.move([name], 'opening').frames.push(`shard.connect ${name}`);
    }
    return this;
  }

  #keyOf(name: string): number {
    const id = Number(name.split('/')[1]);
    return this.maxConcurrency === null ? id : id % this.maxConcurrency;
  }

  /** Restarts the next shard that is due, or all of them. */
  restartDue(): this {
    const { rolling, newSessions } = this.restart ?? { rolling: false, newSessions: false };
    if (rolling && !this.isNone('rising')) return this;
    const inTurn = this.due.splice(0, rolling ? 1 : this.due.length);
    for (const name of inTurn) this.frames.push(`shard.restart ${name}${newSessions ? ' new session' : ''}`);
    return this.move(inTurn, 'rising');
  }

  /** The restart is over, done or not. */
  endRestart(): this {
    this.restart = null;
    this.due = [];
    return this;
  }

  close(names: readonly string[], code: number, reason: string): this {
    for (const name of names) this.frames.push(`shard.close ${name} ${code} ${reason}`);
    return this.move(names, 'closing');
  }

  abort(names: readonly string[], code: number, reason: string): this {
    for (const name of names) this.frames.push(`shard.abort ${name} ${code} ${reason}`);
    return this.move(names, 'closing');
  }

  report(report: 'operation.done' | 'manager.offline'): this {
    this.frames.push(report);
    return this;
  }

  fail(why: OperationFailure): this {
    this.frames.push(['operation.failed', why, ...this.failed].join(' '));
    return this;
  }

  /** Nothing is left, and the manager reports it. */
  end(): this {
    this.#places.clear();
    this.current = null;
    this.next = null;
    this.previous = null;
    this.failed = [];
    return this.endRestart().report('manager.offline');
  }

  /** The outcome of all entries, in this state. */
  in(to: string): Outcome<ManagerContext> {
    const { current, next, previous, lastSet, maxConcurrency, restart, frames } = this;
    const starts = (place: Place) => this.namesAt(place).map((name) => [name, this.#resuming.has(name)].join());
    return {
      to,
      frames,
      context: {
        current,
        next,
        previous,
        lastSet,
        maxConcurrency,
        starting: new Starting(starts('waiting'), starts('opening'), this.namesAt('rising')),
        lost: inAnyOrder([
          ...this.namesAt('away').map((name) => `${name} returns`),
          ...this.namesAt('down').map((name) => `${name} stays down`),
        ]),
        leaving: inAnyOrder(this.namesAt('closing')),
        failed: inOrder(this.failed),
        restart: restart && new Restart(restart, this.due),
      },
    };
  }
}

export const namesIn = (set: ShardSet | null): string[] =>
  (set?.ids ?? []).map((id) => nameOf({ set: set?.number ?? Number.NaN, id }));

const readRef = (ref: ShardRef & { readonly returns?: boolean }): string => {
  if (ref.returns === undefined) return nameOf(ref);
  return `${nameOf(ref)} ${ref.returns ? 'returns' : 'stays down'}`;
};
const read = (found: unknown): string[] => (found as readonly ShardRef[]).map(readRef);

const inOrder = (names: readonly string[]) =>
  new Expectation(names.join(' '), (found) => read(found).join(' ') === names.join(' '));

const isSameSet = (some: readonly string[], others: readonly string[]) =>
  some.toSorted().join(' ') === others.toSorted().join(' ');

const inAnyOrder = (names: readonly string[]) =>
  new Expectation(`${names.join(' ')} in any order`, (found) => isSameSet(read(found), names));

/** Shards that wait, in the order of their turns, and the others in any order. */
class Starting extends Expectation {
  constructor(waiting: readonly string[], opening: readonly string[], rising: readonly string[]) {
    const says = `waiting ${waiting.join(' ')}; opening ${opening.join(' ')}; rising ${rising.join(' ')}`;
    super(says, (found) => {
      const starting = found as readonly ShardStart[];
      const inPhase = (wanted: ShardStart['phase']) => starting.filter(({ phase }) => phase === wanted);
      const starts = (phase: ShardStart['phase']) =>
        inPhase(phase).map((start) => [nameOf(start), start.resumes].join());
      return (
        starting.length === waiting.length + opening.length + rising.length &&
        starts('waiting').join(' ') === waiting.join(' ') &&
        isSameSet(starts('opening'), opening) &&
        isSameSet(inPhase('rising').map(nameOf), rising)
      );
    });
  }
}

/** A restart, with the shards that are still due in the order of their turns. */
class Restart extends Expectation {
  constructor(
    { rolling, newSessions }: { readonly rolling: boolean; readonly newSessions: boolean },
    due: readonly string[],
  ) {
    super(`${JSON.stringify({ rolling, newSessions })}, due ${due.join(' ')}`, (found) => {
      const restart = found as ManagerContext['restart'];
      return (
        restart !== null &&
        restart.rolling === rolling &&
        restart.newSessions === newSessions &&
        restart.due.map(nameOf).join(' ') === due.join(' ')
      );
    });
  }
}
