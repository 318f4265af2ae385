import type { AnyActorRef, InspectionEvent, Snapshot } from 'xstate';
import type { InspectedShard } from './options.js';
import { PerSecond } from '../util/perSecond.js';
import { parentOf, type Observation, type ObservationRecord } from './observation.js';

export interface TapDeps {
  readonly maxEventsPerSecond: number;
  /** Receives an observation. False where there is no room; an actor's start and end always have room. */
  readonly onObservation: (record: ObservationRecord) => boolean;
  readonly onDrop: () => void;
  /** Called after the shard's actor has ended and its last observation was passed on. */
  readonly onEnd: () => void;
}

/**
 * Observes a running shard's actor and its descendants, within a limit of events a second. Each actor's chart comes before its
 * first event. Where snapshots were dropped the latest follows once there is room, so that the last one shown is true.
 */
export class Tap {
  readonly rootId: string;
  readonly #root: AnyActorRef;
  readonly #deps: TapDeps;
  readonly #rate: PerSecond;
  readonly #known = new Set<AnyActorRef>();
  /** Actors whose latest snapshot was dropped. */
  readonly #behind = new Set<AnyActorRef>();
  readonly #subscription: { unsubscribe(): void };
  #dropped = 0;
  #isStopped = false;
  #catchUp: NodeJS.Timeout | null = null;

  constructor({ actor }: InspectedShard, deps: TapDeps) {
    this.#root = actor;
    this.rootId = actor.sessionId;
    this.#deps = deps;
    this.#rate = new PerSecond(deps.maxEventsPerSecond);
    for (const ref of withChildren(actor)) this.#introduce(ref);
    this.#subscription = actor.system.inspect((event) => this.#onInspection(event));
  }

  /** Number of events and snapshots that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Stops observing and leaves the shard as it was. */
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

  #onInspection(inspected: InspectionEvent): void {
    // XState finishes its round of observers, even those that unsubscribe during it.
    if (this.#isStopped) return;
    const ref = inspected.actorRef as AnyActorRef;
    if (inspected.type === '@xstate.event') {
      const { event } = inspected;
      const source = (inspected.sourceRef ?? null) as AnyActorRef | null;
      if (this.#admits(ref)) this.#pass({ kind: 'event', ref, event, source });
      // An actor that has thrown reports to its parent, and emits no last snapshot of its own.
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
    // An event may come after its receiver's end: an ended actor is not introduced again.
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

  /** Passes an actor's last observation on, even above the limit: a viewer would otherwise show the actor as running. */
  #end(last: Observation): void {
    const { ref } = last;
    this.#behind.delete(ref);
    if (this.#known.delete(ref)) {
      this.#pass(last);
      this.#pass({ kind: 'gone', ref });
    }
    if (ref !== this.#root) return;
    this.#release();
    this.#deps.onEnd();
  }

  #pass(observation: Observation): boolean {
    const record = { observation, at: Date.now(), rootId: this.rootId, isWanted: () => !this.#isStopped };
    const isTaken = this.#deps.onObservation(record);
    if (!isTaken) this.#drop();
    return isTaken;
  }

  #drop(): void {
    this.#dropped += 1;
    this.#deps.onDrop();
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

/** Running actors from this one down, parents first. */
function withChildren(actor: AnyActorRef): AnyActorRef[] {
  const { children = {} } = actor.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> };
  const running = Object.values(children).filter((child) => child !== undefined && !hasEnded(child)) as AnyActorRef[];
  return [actor, ...running.flatMap(withChildren)];
}
