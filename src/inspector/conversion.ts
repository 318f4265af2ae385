import type { AnyActorRef } from 'xstate';
import { InspectorError } from './errors.js';
import type { Scrub } from './redact.js';
import { parentOf, type Seen } from './observation.js';

/** A message of the inspector's protocol, as it is sent. */
export interface Frame {
  readonly kind: 'actor' | 'event' | 'snapshot';
  /** Of the actor it is about. */
  readonly sessionId: string;
  readonly rootId: string;
  readonly text: string;
}

/** Makes a message of what was seen; null where that cannot be or may not be shown. It never throws. */
export type Convert = (seen: Seen) => Frame | null;

type Message = Record<string, unknown>;

/** What we use of the package's inspector, whose own type it does not export. */
interface Inspector {
  actor(ref: AnyActorRef, snapshot: unknown): void;
  event(ref: AnyActorRef, event: unknown, info: { source?: AnyActorRef }): void;
  snapshot(ref: AnyActorRef, snapshot: unknown, info: { event: unknown }): void;
}

/** As deep as our charts are, and then some: what lies deeper would arrive as `[Object]`. */
const DEPTH_LIMIT = 40;

/** No message of a shard's comes near it. */
const MAX_FRAME_LENGTH = 262_144;

/**
 * The conversion of `@xstate/inspect`, with the scrub as its last step. The package is loaded here, and not before.
 * Its observer converts in timers, where whatever throws ends the process: what it does there is called by us instead.
 * @throws InspectorError `CANNOT_LOAD`
 */
export async function loadConversion(scrub: Scrub): Promise<Convert> {
  const { createInspector } = await import('@xstate/inspect').catch((cause: unknown) => {
    throw new InspectorError(
      'CANNOT_LOAD',
      `@xstate/inspect, a dependency of shardchart, cannot be loaded (${String(cause)}). Run npm install again.`,
      { cause },
    );
  });
  let seen: Seen | null = null;
  let text = '';
  const inspector = createInspector(
    { send: (message) => (text = JSON.stringify(message)) },
    {
      autoStart: false,
      serializationDepthLimit: DEPTH_LIMIT,
      serialize: (message) => (seen === null ? message : (clean(message as unknown as Message, seen, scrub) as never)),
    },
  ) as unknown as Inspector;

  return (given) => {
    const { sighting, rootId } = given;
    if (sighting.kind === 'gone') return null;
    const { kind, ref } = sighting;
    seen = given;
    text = '';
    try {
      if (kind === 'actor') inspector.actor(ref, sighting.snapshot);
      else if (kind === 'snapshot') inspector.snapshot(ref, sighting.snapshot, { event: sighting.event });
      else inspector.event(ref, sighting.event, sighting.source === null ? {} : { source: sighting.source });
    } catch {
      // Whatever a user sends the chart by way of `shard.actor` need not be what JSON can write.
      return null;
    } finally {
      seen = null;
    }
    if (text === '' || text.length > MAX_FRAME_LENGTH) return null;
    return { kind, sessionId: ref.sessionId, rootId, text };
  };
}

/** What the protocol has around what the actors say, put right, and what they say without secrets. */
function clean(message: Message, { sighting, at, rootId }: Seen, scrub: Scrub): Message {
  const { ref } = sighting;
  const { definition, snapshot, event, ...envelope } = message;
  const cleaned: Message = { ...envelope, rootId, createdAt: String(at), id: null };
  if (snapshot !== undefined) cleaned['snapshot'] = scrub(snapshot);
  if (event !== undefined) cleaned['event'] = scrub(event);
  if (sighting.kind !== 'actor') return cleaned;
  const chart: unknown = typeof definition === 'string' ? JSON.parse(definition) : { id: ref.id };
  cleaned['name'] = scrub(ref.id);
  cleaned['parentId'] = parentOf(ref)?.sessionId;
  cleaned['definition'] = JSON.stringify(scrub(chart));
  return cleaned;
}
