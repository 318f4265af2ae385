import type { ManagerContext, OperationFailure, Prepared, ShardSet } from '../../../machines/index.js';
import { Expectation, type Outcome } from './lawbook.js';

/** Where a shard stands. The chart has a list for each of these but the first. */
const PLACES = ['up', 'waiting', 'opening', 'rising', 'away', 'down', 'closing'] as const;
export type Place = (typeof PLACES)[number];

export const nameOf = ({ set, id }: { readonly set: number; readonly id: number }) => `${set}/${id}`;

/** The manager's own account of each of its shards, by name: `1/0` is shard 0 of set 1. What befalls them is entered here. */
export class Sheet {
  readonly frames: string[] = [];
  service: ShardSet | null;
  beside: ShardSet | null;
  lastSet: number;
  maxConcurrency: number | null;
  restart: ManagerContext['restart'];
  failed: string[];
  due: string[];
  /** Those that stand somewhere, in the order in which they came there. */
  readonly #places = new Map<string, Place>();
  readonly #resuming = new Set<string>();
  readonly #maxOpening: number;

  constructor(context: ManagerContext) {
    ({
      service: this.service,
      beside: this.beside,
      lastSet: this.lastSet,
      maxConcurrency: this.maxConcurrency,
      restart: this.restart,
    } = context);
    this.#maxOpening = context.maxOpening;
    this.failed = context.failed.map(nameOf);
    this.due = context.due.map(nameOf);
    for (const ref of [...context.waiting, ...context.opening]) if (ref.resumes) this.#resuming.add(nameOf(ref));
    for (const place of PLACES) {
      if (place !== 'up') for (const ref of context[place]) this.#places.set(nameOf(ref), place);
    }
  }

  /** Everybody who is of a set, or still on the way out of one. */
  get everybody(): string[] {
    return [...new Set([...namesIn(this.service), ...namesIn(this.beside), ...this.whoAre('closing')])];
  }

  placeOf(name: string): Place {
    return this.#places.get(name) ?? 'up';
  }

  put(names: readonly string[], place: Place): this {
    for (const name of names) {
      this.#places.delete(name);
      if (place !== 'up') this.#places.set(name, place);
    }
    return this;
  }

  whoAre(...places: Place[]): string[] {
    return [...this.#places].filter(([, place]) => places.includes(place)).map(([name]) => name);
  }

  isNobody(...places: Place[]): boolean {
    return this.whoAre(...places).length === 0;
  }

  begin(): this {
    this.failed = [];
    return this;
  }

  /** A new set, whose shards wait for their turns: those that resume hold up nobody, and go first. */
  create({ total, ids, resumable, maxConcurrency }: Prepared): ShardSet {
    this.lastSet += 1;
    this.maxConcurrency = maxConcurrency;
    const set = { number: this.lastSet, total, ids };
    this.frames.push(`set.create ${set.number}: ${ids.join(' ')} of ${total}`);
    const resuming = new Set(resumable);
    const inTurn = ids.toSorted((a, b) => Number(resuming.has(b)) - Number(resuming.has(a)));
    this.put(
      inTurn.map((id) => nameOf({ set: set.number, id })),
      'waiting',
    );
    for (const id of ids) if (resuming.has(id)) this.#resuming.add(nameOf({ set: set.number, id }));
    return set;
  }

  /** Whose turn it is goes: not more than so many at once, and of those that will identify one in each key. */
  connect(): this {
    for (const name of this.whoAre('waiting')) {
      const opening = this.whoAre('opening');
      if (opening.length >= this.#maxOpening) break;
      const rivals = opening.filter((other) => !this.#resuming.has(other) && this.#keyOf(other) === this.#keyOf(name));
      if (!this.#resuming.has(name) && rivals.length > 0) continue;
      this.put([name], 'opening').frames.push(`shard.connect ${name}`);
    }
    return this;
  }

  #keyOf(name: string): number {
    const id = Number(name.split('/')[1]);
    return this.maxConcurrency === null ? id : id % this.maxConcurrency;
  }

  /** The next one, or all, of those that are due. */
  restartDue(): this {
    const { rolling, newSessions } = this.restart ?? { rolling: false, newSessions: false };
    if (rolling && !this.isNobody('rising')) return this;
    const next = this.due.splice(0, rolling ? 1 : this.due.length);
    for (const name of next) this.frames.push(`shard.restart ${name}${newSessions ? ' anew' : ''}`);
    return this.put(next, 'rising');
  }

  close(names: readonly string[], code: number, reason: string): this {
    for (const name of names) this.frames.push(`shard.close ${name} ${code} ${reason}`);
    return this.put(names, 'closing');
  }

  abort(names: readonly string[], code: number, reason: string): this {
    for (const name of names) this.frames.push(`shard.abort ${name} ${code} ${reason}`);
    return this.put(names, 'closing');
  }

  tell(report: 'operation.done' | 'manager.offline'): this {
    this.frames.push(report);
    return this;
  }

  fail(why: OperationFailure): this {
    this.frames.push(['operation.failed', why, ...this.failed].join(' '));
    return this;
  }

  /** Nothing is left, and everybody hears of it. */
  end(): this {
    this.#places.clear();
    this.service = null;
    this.beside = null;
    this.failed = [];
    this.due = [];
    return this.tell('manager.offline');
  }

  /** What all this comes to. */
  in(to: string): Outcome<ManagerContext> {
    const { service, beside, lastSet, maxConcurrency, restart, frames } = this;
    const starts = (place: Place) => this.whoAre(place).map((name) => [name, this.#resuming.has(name)].join());
    return {
      to,
      frames,
      context: {
        service,
        beside,
        lastSet,
        maxConcurrency,
        restart,
        waiting: inOrder(starts('waiting')),
        opening: inAnyOrder(starts('opening')),
        rising: inAnyOrder(this.whoAre('rising')),
        away: inAnyOrder(this.whoAre('away')),
        down: inAnyOrder(this.whoAre('down')),
        closing: inAnyOrder(this.whoAre('closing')),
        failed: inOrder(this.failed),
        due: inOrder(this.due),
      },
    };
  }
}

export const namesIn = (set: ShardSet | null): string[] =>
  (set?.ids ?? []).map((id) => nameOf({ set: set?.number ?? Number.NaN, id }));

/** How a list of the chart's reads here. */
const read = (found: unknown): string[] =>
  (found as readonly { set: number; id: number; resumes?: boolean }[]).map((ref) =>
    ref.resumes === undefined ? nameOf(ref) : [nameOf(ref), ref.resumes].join(),
  );

const inOrder = (names: readonly string[]) =>
  new Expectation(names.join(' '), (found) => read(found).join(' ') === names.join(' '));

const inAnyOrder = (names: readonly string[]) =>
  new Expectation(
    `${names.join(' ')} in any order`,
    (found) => read(found).toSorted().join(' ') === names.toSorted().join(' '),
  );
