import type { ManagerStatus, ManagerSummary } from './status.js';

const summaries = new WeakMap<object, () => ManagerSummary>();

/** Lets `summaryOf` read the summary of this manager. */
export function provideSummary(manager: object, summary: () => ManagerSummary): void {
  summaries.set(manager, summary);
}

/**
 * The state of a manager without its shards, for callers that read it often: a whole status of a thousand shards takes ten
 * milliseconds. For any other object that has a `status()`, the summary is made of that.
 */
export function summaryOf(manager: { status(): ManagerStatus }): ManagerSummary {
  return summaries.get(manager)?.() ?? { ...manager.status(), reserve: 0 };
}
