import type { EventObject } from 'xstate';
import type { ShardInput } from '../../machines/index.js';
import { Harness } from '../machines/rig.js';
import type { Charts } from '../machines/scriptedRig.js';
import { broken } from './invariants.js';
import { lawbooks } from './laws/index.js';
import { isWithin, Unlawful } from './laws/lawbook.js';
import type { Path } from './explore.js';
import type { ObservedStep } from './observer.js';
import { CONNECTED, STOPPED } from './laws/outcomes.js';
import { PATIENCE_MS, perform, project } from './shardPaths.js';

/** Options of a run of paths. */
export interface Check {
  readonly input: Partial<ShardInput>;
  /** Other charts than ours: mutants. */
  readonly charts?: Charts;
  /** Called with every step and the number of its path. */
  readonly observe?: (step: ObservedStep, path: number) => void;
  /** Numbers the paths. */
  readonly number?: () => number;
}

/**
 * Walks to one configuration on a live shard, and from there everywhere one event more can lead. Throws at the first
 * step that is not lawful, does not lead where the chart says, or breaks an invariant.
 */
export function checkPath(path: Path, check: Check): void {
  const idle: EventObject[] = [];
  for (const event of path.next) {
    const shard = walk(path, check);
    if (lawbooks.shard.find(shard, event) === undefined) idle.push(event);
    else step(shard, event, story(path, event));
    shard.actor.stop();
  }
  // Events that no law names change nothing: all of them fit into one run.
  const shard = walk(path, check);
  for (const event of idle) step(shard, event, story(path, event));
  shard.actor.stop();
}

/** Time alone must lead on from here, unless the shard is down or Connected. */
export function checkNoHang(path: Path, check: Check): void {
  const shard = walk(path, check);
  const { path: from } = shard;
  if (!isWithin(from, 'Offline') && !isWithin(from, CONNECTED)) {
    // Longer than any wait there is, or until nothing is waited for any more.
    while (shard.path === from && shard.clock.nextAtMs !== null && shard.clock.now() < PATIENCE_MS) shard.wait();
    if (shard.path === from) throw new Unlawful(`${story(path)}: hangs in ${from}`);
  }
  verify(shard, story(path));
  shard.actor.stop();
}

/** Shutdown must lead to Offline from here, with time alone, and nothing may lead up again. */
export function checkShutdown(path: Path, check: Check): void {
  const shard = walk(path, check);
  shard.shutdown().tick(PATIENCE_MS);
  const opened = shard.sockets.length;
  for (const event of path.next) if (!event.type.startsWith('xstate.')) shard.tell(event as never);
  shard.tick(PATIENCE_MS);
  verify(shard, story(path, { type: 'shutdown' }));
  if (!shard.path.startsWith('Offline')) throw new Unlawful(`${story(path)}, shutdown: is in ${shard.path}`);
  if (shard.path !== STOPPED && shard.decision?.action !== 'fatal') throw new Unlawful(`${story(path)}: not stopped`);
  if (shard.sockets.length !== opened) throw new Unlawful(`${story(path)}: opened a connection after shutdown`);
  shard.actor.stop();
}

/** A live shard at the end of a path. */
function walk(path: Path, { input, charts, observe, number }: Check): Harness {
  const run = number?.() ?? 0;
  const shard = new Harness({
    ...input,
    ...(charts !== undefined && { charts }),
    ...(observe !== undefined && { observe: (taken: ObservedStep) => observe(taken, run) }),
  });
  path.steps.forEach(({ event, reaches }, index) => {
    perform(shard, event);
    const at = { steps: path.steps.slice(0, index + 1) };
    verify(shard, story(at));
    const reached = project(shard.actor.getSnapshot());
    if (reached !== reaches) throw new Unlawful(`${story(at)}: leads to "${reached}", not to "${reaches}"`);
  });
  return shard;
}

function step(shard: Harness, event: EventObject, told: string): void {
  perform(shard, event);
  verify(shard, told);
}

function verify(shard: Harness, told: string): void {
  const wrong = [...shard.violations, ...broken(shard)];
  if (wrong.length > 0) throw new Unlawful(`${told}:\n${wrong.join('\n')}`);
}

/** A path in words. */
function story({ steps }: Pick<Path, 'steps'>, last?: EventObject): string {
  return [...steps.map(({ event }) => event), ...(last === undefined ? [] : [last])].map(say).join(', ');
}

function say({ type, ...rest }: EventObject): string {
  const { code, resumable } = rest as { code?: number; resumable?: boolean };
  return [type, code, resumable].filter((word) => word !== undefined).join(' ');
}
