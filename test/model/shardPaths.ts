import type { EventObject, SnapshotFrom } from 'xstate';
import { shardMachine, type ShardEvent, type ShardInput } from '../../machines/index.js';
import { targetOf } from '../../src/protocol/resumeTarget.js';
import { defaults, quiet, timeouts, type Harness } from '../machines/rig.js';
import { inside, shortestPaths, type Path } from './explore.js';
import { Unlawful } from './laws/lawbook.js';
import { pathOf } from './observer.js';
import { firstSession, outside, strays } from './alphabet.js';

type ShardSnapshot = SnapshotFrom<typeof shardMachine>;

/** Inputs that shards are started with: the options that change which way a shard goes. */
export const inputs: readonly Partial<ShardInput>[] = [
  { resumeAttempts: 1, asksStore: true },
  { resumeAttempts: 3, session: firstSession, quiet: { ...quiet, reconnects: true } },
  { resumeAttempts: 0, session: firstSession, timeouts: { ...timeouts, readyMs: 4_000 } },
  { resumeAttempts: 1, autoReconnect: false },
];

/** Two configurations of a shard that differ in this text count as two. Counters that only grow are cut off. */
export function project({ value, context }: ShardSnapshot): string {
  const { session, asksStore, target, lastDecision, resumeTries, resumeAttempts, attempts, replayed } = context;
  const path = pathOf(value);
  return [
    path,
    session === null ? 'no session' : 'session',
    ...(asksStore ? ['store unasked'] : []),
    `to ${targetOf({ session, resumeTries, resumeAttempts })}`,
    attempts === 0 ? 'proven' : 'unproven',
    replayed === 0 ? 'nothing replayed' : 'replayed',
    // Which of two limits ends first, that of READY or the heart's: see isInTime.
    ...(path.includes('.Identifying.') ? [isSlow(context) ? 'slow heart' : 'fast heart'] : []),
    ...(path.startsWith('Online.link.Connecting') ? [`at ${target}`] : []),
    ...(path.startsWith('Online.closing') || path === 'Offline.fatal'
      ? [`${lastDecision?.action} ${lastDecision?.code}`]
      : []),
  ].join(', ');
}

/** The shortest way to everything a shard started with this can come to. */
export function shardPaths(input: Partial<ShardInput>): Path[] {
  return shortestPaths(shardMachine, {
    input: { ...defaults, ...input },
    project,
    events: (snapshot) => [...outside, ...strays, ...inside(snapshot)].filter((event) => canHappen(event, snapshot)),
  });
}

function canHappen(event: EventObject, snapshot: ShardSnapshot): boolean {
  const { lastDecision } = snapshot.context;
  // The bucket fails once and is gone; a shard without one takes no payloads.
  const hasBucket = lastDecision?.action !== 'fatal' || lastDecision.code !== null;
  if (!hasBucket && /^xstate\.error\.actor\.bucket$|^send|^bucket\.|unsent$/.test(event.type)) return false;
  return isInTime(event, snapshot);
}

const isSlow = ({ heartbeatIntervalMs }: ShardSnapshot['context']) => heartbeatIntervalMs > timeouts.readyMs;

/**
 * The limit of a whole replay is only reached by one that goes on: a silent one ends before. A silence while READY is awaited
 * ends with the heart where that beats fast, and else with the limit of READY.
 */
export const isInTime = ({ type }: EventObject, { context, value }: ShardSnapshot): boolean => {
  if (type.startsWith('xstate.after.replay.')) return context.replayed > 0;
  if (/^xstate\.after\.(ready|probe)\./.test(type)) return isSlow(context);
  // Without a beat that is asked for, a slow heart shows no sign of life for that long.
  if (type.startsWith('xstate.after.readyMax.')) return !isSlow(context) || context.timeouts.readyMs >= 5_000;
  return type !== 'xstate.done.actor.heartbeat' || !isSlow(context) || !pathOf(value).includes('.awaitingReady.');
};

/** Longer than anything here takes. */
export const PATIENCE_MS = 3_600_000;

/** Makes an event of a path happen to a live shard: sends it, lets time pass, or makes an actor fail. */
export function perform(shard: Harness, event: EventObject): void {
  const { type } = event;
  const [, failed] = /^xstate\.error\.actor\.(.+)$/.exec(type) ?? [];
  if (failed !== undefined) shard.fail(failed as 'socket');
  else if (type.startsWith('xstate.after.')) waitFor(shard, type);
  else if (type === 'xstate.done.actor.heartbeat') becomeZombie(shard);
  else shard.tell(event as ShardEvent);
}

/** The gateway acknowledges and replays on, but nothing else comes, until this timer has fired. */
function waitFor(shard: Harness, timer: string): void {
  const until = shard.clock.now() + PATIENCE_MS;
  const isReplay = timer.startsWith('xstate.after.replay.');
  const isSilent = /^xstate\.after\.(ready|probe|stableAfter)\./.test(timer);
  const from = shard.taken.length;
  while (!shard.taken.includes(timer, from)) {
    if (shard.clock.now() > until) throw new Unlawful(`${timer} never came`);
    if (isReplay) shard.tell({ type: 'gateway.replayed', sequence: 8 });
    shard.wait(isReplay ? timeouts.resumedMs - 1 : undefined);
    if (shard.taken.at(-1) === 'heartbeat.due' && !isSilent) shard.acknowledge();
  }
}

/** The gateway falls silent; the socket has nothing left to read. */
function becomeZombie(shard: Harness): void {
  const until = shard.clock.now() + PATIENCE_MS;
  while (shard.taken.at(-1) !== 'xstate.done.actor.heartbeat') {
    if (shard.clock.now() > until) throw new Unlawful('no zombie was found');
    shard.wait();
    if (shard.taken.at(-1) === 'heartbeat.suspected') shard.tell({ type: 'socket.settled' });
  }
}
