import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ManagerCommand, ManagerContext, ShardRef } from '../../machines/index.js';
import type { ObservedStep } from '../model/observer.js';
import { SimulatedFleet } from './fleetRig.js';
import { ManagerRig, way } from './managerRig.js';

const WALKS = 300;
const TOTAL = 6;

const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);
const ids = fc.uniqueArray(fc.nat(TOTAL - 1), { minLength: 1, maxLength: TOTAL }).map((list) => list.toSorted());

const command: fc.Arbitrary<ManagerCommand> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'connect' } as const) },
  { weight: 4, arbitrary: ids.map((list) => ({ type: 'scale', ids: list, ...way }) as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('restart' as const),
      rolling: fc.boolean(),
      newSessions: fc.boolean(),
      identifiesLeft: fc.option(fc.nat(TOTAL)),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ type: 'reshard', total: TOTAL, ids: null } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'reshard.abort' } as const) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'close', ...way } as const, { type: 'abort', ...way } as const) },
);

/** A command, an answer of the preparation, a step of a shard, or a pause. */
const stride = fc.oneof(
  { weight: 3, arbitrary: fc.record({ command }) },
  { weight: 3, arbitrary: fc.record({ ids, resumable: ids, left: fc.option(fc.nat(TOTAL)) }) },
  { weight: 20, arbitrary: fc.record({ which: fc.nat(20), luck: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1) }) },
  { weight: 3, arbitrary: fc.record({ ms: fc.constantFrom(100, 5_000, 10_000, 60_000) }) },
);

const OPERATIONS: ReadonlySet<string> = new Set(['connect', 'scale', 'restart', 'reshard']);
const WAYS_DOWN: ReadonlySet<string> = new Set(['close', 'abort', 'shutdown']);
const name = ({ set, id }: ShardRef) => `${set}/${id}`;

/** A manager with simulated shards, and the rules that must hold at every step. */
class World {
  readonly fleet = new SimulatedFleet();
  readonly manager: ManagerRig;
  readonly wrong: string[] = [];
  readonly visited = new Set<string>();
  isUnderWay = false;
  wasShutDown = false;

  constructor(readonly maxOpening: number) {
    this.manager = new ManagerRig({ maxOpening }, (step) => this.#observe(step));
  }

  #observe({ event, after, before, frames }: ObservedStep): void {
    this.visited.add(after.path);
    const isTimeUp = event.type.startsWith('xstate.after.handOver');
    const waiting = (before.context as ManagerContext).starting.filter(({ phase }) => phase === 'waiting').map(name);
    for (const frame of frames) {
      this.fleet.obey(frame, waiting);
      const isClose = /^shard\.(close|abort)|^manager\.offline/.test(frame);
      if (this.wasShutDown && !isClose && !frame.startsWith('operation.failed')) {
        this.wrong.push(`${frame} after shutdown`);
      }
      if (frame.startsWith('operation.')) {
        if (!this.isUnderWay) this.wrong.push(`${frame}, but nothing was under way`);
        this.isUnderWay = false;
      }
      if (frame.startsWith('set.serve') && !isTimeUp) this.#checkHandOver(frame, before.context as ManagerContext);
    }
    this.#checkLists(after.path, after.context as ManagerContext);
  }

  #checkHandOver(frame: string, { current, next }: ManagerContext): void {
    for (const id of next?.ids ?? []) {
      const truth = this.fleet.shards.get(`${next?.number}/${id}`);
      if (truth !== 'up') this.wrong.push(`${frame} while ${id} of it is ${truth}`);
    }
    for (const id of current?.ids ?? []) {
      const truth = this.fleet.shards.get(`${current?.number}/${id}`);
      if (truth === 'away') this.wrong.push(`${frame} while ${id} of the current set is away`);
    }
  }

  #checkLists(path: string, context: ManagerContext): void {
    const { starting, lost, leaving, restart } = context;
    const all = [...starting, ...lost, ...leaving].map(name);
    if (new Set(all).size !== all.length) this.wrong.push(`a shard is in two lists: ${all.join(' ')}`);
    const opening = starting.filter(({ phase }) => phase === 'opening');
    if (opening.length > this.maxOpening) this.wrong.push(`${opening.length} are opening`);
    const keys = opening.filter(({ resumes }) => !resumes).map(({ id }) => id % (context.maxConcurrency ?? TOTAL));
    if (new Set(keys).size !== keys.length) this.wrong.push('two of a key are opening');
    const isResting = path === 'Online.Running' || path.startsWith('Offline');
    if (isResting && starting.length + leaving.length > 0) this.wrong.push(`not at rest: ${path}`);
    if (restart !== null && path !== 'Online.Restarting') this.wrong.push(`a restart is under way in ${path}`);
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(context)), context)) this.wrong.push('the context is not JSON');
  }

  say(said: ManagerCommand): void {
    const { manager } = this;
    const isTaken = manager.can(said);
    if (isTaken && OPERATIONS.has(said.type)) {
      if (this.isUnderWay) this.wrong.push(`${said.type} was begun while another was under way`);
      this.isUnderWay = true;
    }
    manager.send(said);
    // Everything goes down: the operation is over, unless it has failed and is still to be reported.
    if (WAYS_DOWN.has(said.type) && isTaken && manager.path !== 'Closing.failing') this.isUnderWay = false;
    this.fleet.flush(manager);
  }

  pass(ms: number): void {
    this.manager.tick(ms);
    this.fleet.flush(this.manager);
  }

  prepare(of: {
    readonly ids: readonly number[];
    readonly resumable: readonly number[];
    readonly left: number | null;
  }) {
    this.manager.prepared(TOTAL, {
      ids: of.ids,
      resumable: of.resumable.filter((id) => of.ids.includes(id)),
      maxConcurrency: 2,
      identifiesLeft: of.left,
    });
  }

  /** Every shard and the preparation answer, and time passes: the manager must come to rest. */
  settle(): void {
    for (let round = 0; round < 100; round += 1) {
      if (this.manager.path.endsWith('reparing')) this.prepare({ ids: upTo(TOTAL), resumable: [], left: null });
      const hasMoved = this.fleet.settle(this.manager);
      if (!hasMoved && /^Offline|Running$/.test(this.manager.path)) return;
      this.pass(1_000);
    }
    this.wrong.push(`never comes to rest in ${this.manager.path}: ${JSON.stringify(this.manager.context)}`);
  }

  check(): void {
    expect([...this.manager.violations, ...this.wrong, ...this.fleet.impossible]).toEqual([]);
  }
}

test(
  'random commands and reports: one operation at a time, one list a shard, hand-over only when complete, rest at the end',
  { timeout: 120_000 },
  () => {
    const visited = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(stride, { minLength: 20, maxLength: 160, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (strides, maxOpening, isShutDown) => {
          const world = new World(maxOpening);
          world.say({ type: 'connect' });
          world.prepare({ ids: upTo(4), resumable: [2], left: null });
          for (const next of strides) {
            if ('command' in next) world.say(next.command);
            else if ('which' in next) world.fleet.stir(world.manager, next.which, next.luck);
            else if ('ids' in next) world.prepare(next);
            else world.pass(next.ms);
            world.check();
          }
          if (isShutDown) {
            world.say({ type: 'shutdown', ...way });
            world.wasShutDown = true;
            world.say({ type: 'connect' });
          }
          world.settle();
          expect(world.isUnderWay).toBe(false);
          if (isShutDown) expect(world.manager.path).toBe('Offline.stopped');
          world.check();
          for (const path of world.visited) visited.add(path);
          world.manager.stop();
        },
      ),
      { numRuns: WALKS },
    );
    // The walks must reach the late states, or they prove nothing.
    expect([...visited].toSorted()).toEqual(expect.arrayContaining(['Online.Resharding.retiring', 'Closing.failing']));
    expect(visited.size).toBeGreaterThan(15);
  },
);
