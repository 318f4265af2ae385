import type { AnyActorRef, AnyEventObject, Snapshot } from 'xstate';

/** Something seen of an actor, at a time, by its shard's tap. */
export type Sighting =
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
  /** The actor has ended: nothing more will be seen of it. */
  | { readonly kind: 'gone'; readonly ref: AnyActorRef };

/** A sighting with what all of them have. */
export interface Seen {
  readonly sighting: Sighting;
  readonly at: number;
  /** The session id of the shard's own actor. */
  readonly rootId: string;
  /** Whether somebody still wants to see it. */
  readonly isWanted: () => boolean;
}

/** The actor it was made by; undefined of a shard's own. */
export function parentOf({ _parent: parent }: AnyActorRef): AnyActorRef | undefined {
  return parent as AnyActorRef | undefined;
}
