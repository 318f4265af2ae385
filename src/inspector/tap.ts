import type { AnyActorRef, InspectionEvent, Snapshot } from 'xstate';
import type { InspectedShard } from './options.js';
import { PerSecond } from '../util/perSecond.js';
import { parentOf, type Seen, type Sighting } from './observation.js';

export interface TapParts {
  readonly maxEventsPerSecond: number;
  /** Takes it, or has no room. What tells of an actor's beginning and end is always taken. */
  readonly pass: (seen: Seen) => boolean;
  readonly dropped: () => void;
  /** The shard was shut down; all of it has been passed. */
  readonly ended: () => void;
}

/**
 * Watches a running shard: its actor and those below it, as many events a second as are wanted, each actor's chart before
 * its first. Where snapshots were dropped, the latest follow once there is room again, so that what is shown last is true.
 */
export class Tap {
  readonly rootId: string;
  readonly #root: AnyActorRef;
  readonly #parts: TapParts;
  readonly #rate: PerSecond;
  readonly #known = new Set<AnyActorRef>();
  /** Actors whose latest snapshot was dropped. */
  readonly #behind = new Set<AnyActorRef>();
  readonly #subscription: { unsubscribe(): void };
  #dropped = 0;
  #isStopped = false;
  #catchUp: NodeJS.Timeout | null = null;

  constructor({ actor }: InspectedShard, parts: TapParts) {
    this.#root = actor;
    this.rootId = actor.sessionId;
    this.#parts = parts;
    this.#rate = new PerSecond(parts.maxEventsPerSecond);
    for (const ref of withChildren(actor)) this.#introduce(ref);
    this.#subscription = actor.system.inspect((event) => this.#inspected(event));
  }

  /** Events and snapshots that were not passed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Leaves the shard as it was before. */
  stop(): void {
    this.#isStopped = true;
    this.#release();
  }

  #release(): void {
    this.#subscription.unsubscribe();
    if (this.#catchUp !== null) clearTimeout(this.#catchUp);
    this.#known.clear();
    this.#behind.clear();
  }

  #inspected(inspected: InspectionEvent): void {
    // XState calls whom it has begun to call, even if they unsubscribe meanwhile.
    if (this.#isStopped) return;
    const ref = inspected.actorRef as AnyActorRef;
    if (inspected.type === '@xstate.event') {
      const { event } = inspected;
      const source = (inspected.sourceRef ?? null) as AnyActorRef | null;
      if (this.#admits(ref)) this.#pass({ kind: 'event', ref, event, source });
      // One that has thrown tells its parent, and has no last snapshot of its own.
      if (source !== null && event.type.startsWith('xstate.error.actor.') && hasEnded(source)) {
        this.#end({ kind: 'snapshot', ref: source, snapshot: snapshotOf(source), event });
      }
    } else if (inspected.type === '@xstate.snapshot') {
      const { event } = inspected;
      const snapshot = inspected.snapshot as Snapshot<unknown>;
      if (snapshot.status !== 'active') return this.#end({ kind: 'snapshot', ref, snapshot, event });
      if (this.#admits(ref) && this.#pass({ kind: 'snapshot', ref, snapshot, event })) this.#behind.delete(ref);
      else this.#fallBehind(ref);
    }
  }

  #admits(ref: AnyActorRef): boolean {
    // An event may come after its receiver's end: that one is not begun anew.
    const isAdmitted = (this.#known.has(ref) || !hasEnded(ref)) && this.#rate.take();
    if (isAdmitted) this.#introduce(ref);
    else this.#drop();
    return isAdmitted;
  }

  #introduce(ref: AnyActorRef): void {
    if (this.#known.has(ref)) return;
    const parent = parentOf(ref);
    if (parent !== undefined) this.#introduce(parent);
    this.#known.add(ref);
    this.#pass({ kind: 'actor', ref, snapshot: snapshotOf(ref) });
  }

  /** The last of an actor is passed above the limit, if its first was: a viewer would take it for alive. */
  #end(last: Sighting): void {
    const { ref } = last;
    this.#behind.delete(ref);
    if (this.#known.delete(ref)) {
      this.#pass(last);
      this.#pass({ kind: 'gone', ref });
    }
    if (ref !== this.#root) return;
    this.#release();
    this.#parts.ended();
  }

  #pass(sighting: Sighting): boolean {
    const seen = { sighting, at: Date.now(), rootId: this.rootId, isWanted: () => !this.#isStopped };
    const isTaken = this.#parts.pass(seen);
    if (!isTaken) this.#drop();
    return isTaken;
  }

  #drop(): void {
    this.#dropped += 1;
    this.#parts.dropped();
  }

  #fallBehind(ref: AnyActorRef): void {
    this.#behind.add(ref);
    this.#catchUp ??= setTimeout(() => this.#catchUpNow(), this.#rate.waitMs).unref();
  }

  #catchUpNow(): void {
    this.#catchUp = null;
    for (const ref of this.#behind) {
      if (!this.#rate.take()) break;
      this.#behind.delete(ref);
      if (hasEnded(ref)) continue;
      this.#introduce(ref);
      this.#pass({ kind: 'snapshot', ref, snapshot: snapshotOf(ref), event: { type: 'shardchart.caughtUp' } });
    }
    const [next] = this.#behind;
    if (next !== undefined) this.#fallBehind(next);
  }
}

const snapshotOf = (ref: AnyActorRef) => ref.getSnapshot() as Snapshot<unknown>;
const hasEnded = (ref: AnyActorRef) => snapshotOf(ref).status !== 'active';

/** The actor and all below it that run, parents first. */
function withChildren(actor: AnyActorRef): AnyActorRef[] {
  const { children = {} } = actor.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> };
  const running = Object.values(children).filter((child) => child !== undefined && !hasEnded(child)) as AnyActorRef[];
  return [actor, ...running.flatMap(withChildren)];
}
