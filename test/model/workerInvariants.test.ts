import { describe, expect, test } from 'vitest';
import type { WorkerContext, WorkerEvent } from '../../machines/index.js';
import { checkChildPath, childPaths, walkPath } from './checkChild.js';
import { isWithin } from './laws/lawbook.js';
import type { ObservedStep } from './observer.js';
import { workerModel } from './workerModel.js';

const paths = childPaths(workerModel);

const GIVING_AWAY = ['draining', 'leaving', 'failing'].map((duty) => `Online.duty.${duty}`);

/** A worker as its orders and reports show it, and the rules that hold on every path. */
class Watch {
  #wasShutDown = false;
  readonly wrong: string[] = [];

  take({ event, before, after, frames }: ObservedStep): void {
    const { held, rising } = after.context as WorkerContext;
    // An order that names no shard brings none.
    const owns = frames.findIndex((frame) => frame.startsWith('shards.own '));
    const object = (what: string) => this.wrong.push(`${what}: ${before.path} on ${event.type}`);
    if (new Set(held).size !== held.length) object('a shard is held twice');
    if (rising.some((key) => !held.includes(key))) object('a shard rises that is not held');
    if (isWithin(after.path, 'Offline') && held.length > 0) object('a shard is held Offline');
    if (owns >= 0 && event.type !== 'lease.answered') object('shards come up without an answer of Redis');
    if (
      owns >= 0 &&
      GIVING_AWAY.some((state) => isWithin(after.path, state)) &&
      !frames.slice(owns).includes('shards.give')
    ) {
      object('a shard that came late stays');
    }
    if (isWithin(after.path, 'Online.lease.cutOff') && !isWithin(before.path, 'Online.lease.cutOff')) {
      if (!frames.includes('shards.hold')) object('shards are not held');
    }
    if (frames.includes('worker.up') && (rising.length > 0 || !isWithin(after.path, 'Online.lease.renewed'))) {
      object('worker.up too early');
    }
    if (this.#wasShutDown && frames.some((frame) => ['join', 'lease.begin', 'lease.serve'].includes(frame))) {
      object('goes up after shutdown');
    }
    this.#wasShutDown ||= event.type === 'shutdown';
    if (this.#wasShutDown && !isWithin(after.path, 'Online.duty.leaving') && after.path !== 'Offline.stopped') {
      object(`is in ${after.path} after shutdown`);
    }
  }
}

test('on every path shards come up by an answer alone, a cut lease holds them, nothing is held Offline, and shutdown is for good', () => {
  const watches = new Map<number, Watch>();
  let runs = 0;
  const check = {
    number: () => ++runs,
    observe: (step: ObservedStep, run: number) => {
      if (step.chart !== 'worker') return;
      const watch = watches.get(run) ?? new Watch();
      watches.set(run, watch);
      watch.take(step);
    },
  };
  for (const path of paths) checkChildPath(workerModel, path, check);
  expect([...new Set([...watches.values()].flatMap(({ wrong }) => wrong))]).toEqual([]);
});

const answered = ({ held }: WorkerContext): WorkerEvent => ({
  type: 'lease.answered',
  owned: held.map((key) => ({ key, epoch: 3 })),
  give: [],
  mayClaim: true,
});

/**
 * Events that must come where a worker stays while the outside is silent: null where it may not stay, none where it may stay for
 * ever. The ownership of each shard leads to `shard.up` or `shard.gone`, the lease asks Redis until it answers.
 */
function awaited(path: string, context: WorkerContext): readonly WorkerEvent[] | null {
  if (isWithin(path, 'Offline')) return [];
  if (path === 'Joining') return [{ type: 'worker.joined' }];
  const [duty = '', lease = ''] = path.split(' & ');
  const answer = lease === 'Online.lease.renewed' ? [] : [answered(context)];
  switch (duty.slice('Online.duty.'.length)) {
    case 'starting':
      return [...answer, ...context.held.map((key): WorkerEvent => ({ type: 'shard.up', key }))];
    case 'draining':
      return context.held.map((key): WorkerEvent => ({ type: 'shard.gone', key }));
    case 'serving':
    case 'standingBy':
    case 'drained':
      return answer;
    default:
      return null;
  }
}

/** A worker that has come to its rest: Offline, or Online with nothing under way. */
const isSettled = (path: string) =>
  isWithin(path, 'Offline') ||
  ['serving', 'standingBy', 'drained'].some((duty) => isWithin(path, `Online.duty.${duty}`));

describe('a worker hangs nowhere', () => {
  test('from every configuration time leads to a state in which it may stay, or waits for events that must come and lead on', () => {
    for (const path of paths) {
      const { child, perform } = walkPath(workerModel, path);
      while (child.clock.nextAtMs !== null) child.wait();
      const events = awaited(child.path, child.snapshot.context);
      expect(events, `${path.state} leads to ${child.path}`).not.toBeNull();
      if (child.path === 'Joining') {
        perform({ type: 'worker.joined' });
        perform(answered(child.snapshot.context));
      } else for (const event of events ?? []) perform(event);
      expect(isSettled(child.path), `${path.state} stays in ${child.path}`).toBe(true);
      child.stop();
    }
  });

  test('shutdown leads to Offline.stopped within two limits, though neither shards nor Redis answer', () => {
    for (const path of paths.filter(({ state }) => state !== 'Offline.stopped')) {
      const { child, perform } = walkPath(workerModel, path);
      perform({ type: 'shutdown' });
      const sinceMs = child.clock.now();
      while (child.clock.nextAtMs !== null) child.wait();
      expect(child.path, path.state).toBe('Offline.stopped');
      expect(child.clock.now() - sinceMs).toBeLessThanOrEqual(2 * workerModel.input.leaveMs);
      perform({ type: 'connect' });
      expect(child.path).toBe('Offline.stopped');
      child.stop();
    }
  });
});
