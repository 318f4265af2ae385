import type { AnyActorRef, AnyEventObject, Snapshot } from 'xstate';

/** Observation of one actor: its start, an event, a snapshot, or its end. */
export type Observation =
  | { readonly kind: 'actor'; readonly ref: AnyActorRef; readonly snapshot: Snapshot<unknown> }
  | {
      readonly kind: 'event';
      readonly ref: AnyActorRef;
      readonly event: AnyEventObject;
      readonly source: AnyActorRef | null;
    }
  | {
      readonly kind: 'snapshot';
      readonly ref: AnyActorRef;
      readonly snapshot: Snapshot<unknown>;
      readonly event: AnyEventObject;
    }
  /** The actor has ended: no further observation of it follows. */
  | { readonly kind: 'gone'; readonly ref: AnyActorRef };

/** Observation with its time and its shard. */
export interface ObservationRecord {
  readonly observation: Observation;
  readonly at: number;
  /** Session id (XState's) of the shard's own actor. */
  readonly rootId: string;
  /** False once the shard was detached. */
  readonly isWanted: () => boolean;
}

/** Parent of an actor; undefined for a shard's own. */
export function parentOf({ _parent: parent }: AnyActorRef): AnyActorRef | undefined {
  return parent as AnyActorRef | undefined;
}
