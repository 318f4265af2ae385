import type { AnyActorRef } from 'xstate';
import { InspectorError } from './inspectorError.js';
import type { Redact } from './redact.js';
import { parentOf, type ObservationRecord } from './observation.js';
import { messageOf } from '../util/messageOf.js';

/** Message of the inspector's protocol, as it is sent. */
export interface Frame {
  readonly kind: 'actor' | 'event' | 'snapshot';
  /** Session id (XState's) of the actor that the message is about. */
  readonly sessionId: string;
  readonly rootId: string;
  readonly text: string;
}

/** Converts an observation into a message; null where it cannot be written or is too long. Never throws. */
export type Convert = (record: ObservationRecord) => Frame | null;

type Message = Record<string, unknown>;

/** The members used of the package's inspector, whose type the package does not export. */
interface PackageInspector {
  actor(ref: AnyActorRef, snapshot: unknown): void;
  event(ref: AnyActorRef, event: unknown, info: { source?: AnyActorRef }): void;
  snapshot(ref: AnyActorRef, snapshot: unknown, info: { event: unknown }): void;
}

/** Depth beyond that of our charts. The package writes deeper values as `[Object]`. */
const DEPTH_LIMIT = 40;

/** Longest message that is sent; a shard's own are far shorter. */
const MAX_FRAME_LENGTH = 262_144;

/**
 * Loads `@xstate/inspect` and returns its conversion, with the redaction as the last step. The optional package is loaded only here.
 * Its own observer converts in timers, where an exception would end the process: the conversion is called directly instead.
 * @throws InspectorError `CANNOT_LOAD` where the package cannot be loaded.
 */
export async function loadConversion(redact: Redact): Promise<Convert> {
  const { createInspector } = await import('@xstate/inspect').catch((cause: unknown) => {
    throw new InspectorError(
      'CANNOT_LOAD',
      `@xstate/inspect, which shardchart has as an optional dependency, cannot be loaded (${messageOf(cause)}). ` +
        'Install it: "npm install @xstate/inspect@npm:@statelyai/inspect@0.7".',
      { cause },
    );
  });
  let current: ObservationRecord | null = null;
  let text = '';
  const inspector = createInspector(
    { send: (message) => (text = JSON.stringify(message)) },
    {
      autoStart: false,
      serializationDepthLimit: DEPTH_LIMIT,
      serialize: (message) =>
        current === null ? message : (clean(message as unknown as Message, current, redact) as never),
    },
  ) as unknown as PackageInspector;

  return (record) => {
    const { observation, rootId } = record;
    if (observation.kind === 'gone') return null;
    const { kind, ref } = observation;
    current = record;
    text = '';
    try {
      if (kind === 'actor') inspector.actor(ref, observation.snapshot);
      else if (kind === 'snapshot') inspector.snapshot(ref, observation.snapshot, { event: observation.event });
      else inspector.event(ref, observation.event, observation.source === null ? {} : { source: observation.source });
    } catch {
      // A user's own event, sent through `shard.actor`, may hold values that JSON cannot write.
      return null;
    } finally {
      current = null;
    }
    if (text === '' || text.length > MAX_FRAME_LENGTH) return null;
    return { kind, sessionId: ref.sessionId, rootId, text };
  };
}

/** Corrects the message's envelope, and redacts the actor's own data in it. */
function clean(message: Message, { observation, at, rootId }: ObservationRecord, redact: Redact): Message {
  const { ref } = observation;
  const { definition, snapshot, event, ...envelope } = message;
  const cleaned: Message = { ...envelope, rootId, createdAt: String(at), id: null };
  if (snapshot !== undefined) cleaned['snapshot'] = redact(snapshot);
  if (event !== undefined) cleaned['event'] = redact(event);
  if (observation.kind !== 'actor') return cleaned;
  const chart: unknown = typeof definition === 'string' ? JSON.parse(definition) : { id: ref.id };
  cleaned['name'] = redact(ref.id);
  cleaned['parentId'] = parentOf(ref)?.sessionId;
  cleaned['definition'] = JSON.stringify(redact(chart));
  return cleaned;
}
