import { afterEach, expect } from 'vitest';
import { managerMachine } from '../../machines/index.js';
import type {
  FleetReport,
  ManagerCommand,
  ManagerContext,
  ManagerEvent,
  ManagerInput,
  Prepared,
  ShardRef,
} from '../../machines/index.js';
import { Child } from '../model/child.js';
import type { ObservedStep } from '../model/observer.js';

export const timeouts = { handOverMs: 60_000, drainMs: 5_000, closeMs: 10_000 };
export const way = { code: 1000, reason: 'asked' };

/** `1/0`: shard 0 of set 1. */
type Name = `${number}/${number}`;

const refOf = (name: Name): ShardRef => {
  const [set = 0, id = 0] = name.split('/').map(Number);
  return { set, id };
};

const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

/** `1/0`, `1/1` … of a set with that many shards. */
export const names = (set: number, count: number): Name[] => upTo(count).map((id) => `${set}/${id}` as const);

/** A manager's chart with a simulated clock. The test sends the reports of its shards. */
export class ManagerRig {
  /** Orders to its shards and events it emitted, in words. */
  readonly frames: string[] = [];
  readonly #child: Child<typeof managerMachine>;

  constructor(input: Partial<ManagerInput> = {}, observe?: (step: ObservedStep) => void) {
    this.#child = new Child(managerMachine, { maxOpening: 16, timeouts, ...input }, (step) => {
      this.frames.push(...step.frames);
      observe?.(step);
    });
  }

  get path() {
    return this.#child.path;
  }

  get context() {
    return this.#child.snapshot.context;
  }

  get violations() {
    return this.#child.violations;
  }

  get clock() {
    return this.#child.clock;
  }

  can(event: ManagerEvent): boolean {
    return this.#child.snapshot.can(event);
  }

  /** Frames since the last call. */
  take(): string[] {
    return this.frames.splice(0);
  }

  send(...events: ManagerEvent[]): this {
    for (const event of events) this.#child.tell(event);
    return this;
  }

  tick(ms: number): this {
    this.clock.increment(ms);
    return this;
  }

  fail(actor: 'fleet' | 'preparation'): this {
    this.#child.fail(actor);
    return this;
  }

  stop(): void {
    this.#child.stop();
  }

  #report(type: FleetReport['type'], refs: readonly Name[]): this {
    return this.send(...refs.map((name) => ({ type, ...refOf(name) })));
  }

  opened = (...refs: Name[]) => this.#report('shard.opened', refs);
  up = (...refs: Name[]) => this.#report('shard.up', refs);
  left = (...refs: Name[]) => this.#report('shard.left', refs);
  down = (...refs: Name[]) => this.#report('shard.down', refs);
  gone = (...refs: Name[]) => this.#report('shard.gone', refs);

  prepared(total: number, of: Partial<Prepared> = {}): this {
    const ids = upTo(total);
    const known = { total, ids, resumable: [], maxConcurrency: 1, identifiesLeft: null };
    return this.send({ type: 'manager.prepared', prepared: { ...known, ...of } });
  }

  connect = () => this.send({ type: 'connect' });
  close = () => this.send({ type: 'close', ...way });
  shutdown = () => this.send({ type: 'shutdown', ...way });
  abort = () => this.send({ type: 'abort', ...way });
  scale = (...ids: number[]) => this.send({ type: 'scale', ids, ...way });
  reshard = (total: number) => this.send({ type: 'reshard', total, ids: null });
  restart = (of: Partial<Extract<ManagerCommand, { type: 'restart' }>> = {}) =>
    this.send({ type: 'restart', rolling: false, newSessions: false, identifiesLeft: null, ...of });
}

/** The shards that are not simply up, by what they do: `{ opening: ['1/0'] }`. */
export function standings({ starting, lost, leaving, restart }: ManagerContext): Readonly<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const add = (standing: string, { set, id }: ShardRef) => (found[standing] ??= []).push(`${set}/${id}`);
  for (const start of starting) add(start.phase, start);
  for (const shard of lost) add(shard.returns ? 'away' : 'down', shard);
  for (const ref of leaving) add('leaving', ref);
  for (const ref of restart?.due ?? []) add('due', ref);
  return found;
}

const rigs: ManagerRig[] = [];

afterEach(() => {
  for (const rig of rigs.splice(0)) {
    expect(rig.violations).toEqual([]);
    rig.stop();
  }
});

export function startManager(input?: Partial<ManagerInput>): ManagerRig {
  const rig = new ManagerRig(input);
  rigs.push(rig);
  return rig;
}

/** A manager with this many shards, all of them up, and no frames yet. */
export function runningManager(total: number, input?: Partial<ManagerInput>): ManagerRig {
  const manager = startManager(input).connect().prepared(total, { maxConcurrency: total });
  manager.up(...names(1, total));
  while (manager.path !== 'Online.Running') manager.up(...names(1, total));
  manager.take();
  return manager;
}
