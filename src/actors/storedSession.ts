import { fromCallback, type EventObject } from 'xstate';
import type { StoreInput, StoreReport } from '../../machines/shard.types.js';
import type { Session } from '../protocol/session.js';
import { messageOf } from '../util/messageOf.js';

/** Everything the question to the store needs beyond its input. */
export interface StoredSessionDeps {
  /** The stored session, or null. Rejects where the store cannot be used. The signal aborts once no answer is awaited. */
  loadSession(signal: AbortSignal): Promise<Session | null>;
  redact(text: string): string;
}

/** Asks the session store once, on start. An answer that comes after the stop is dropped. */
export function storedSessionLogic(depsOf: (system: object) => StoredSessionDeps) {
  return fromCallback<EventObject, StoreInput, StoreReport & EventObject>(({ system, sendBack }) => {
    const deps = depsOf(system);
    const abort = new AbortController();
    const { signal } = abort;
    const send = (report: StoreReport) => {
      if (!signal.aborted) sendBack(report);
    };
    deps.loadSession(signal).then(
      (session) => send({ type: 'store.answered', session }),
      (error: unknown) => send({ type: 'store.failed', reason: deps.redact(messageOf(error)) }),
    );
    return () => abort.abort();
  });
}
