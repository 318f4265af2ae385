import type { Decision } from '../protocol/decision.js';

/** Failed connections in a row before the first warning. */
const FIRST_WARNING = 2;

/** Milliseconds in which all shards of the process have one warning: without network all of them fail. */
const GAP_MS = 10_000;

/** Warnings about a gateway that cannot be reached, for a user without a logger: after 2, 4, 8 … failures in a row. */
export class UnreachableWarnings {
  #nextAtMs = 0;

  /** The warning about a failed connection; null where it is not time for one. */
  after({ action, attempt, reason, delay }: Decision, nowMs: number): string | null {
    if (action !== 'resume' && action !== 'identify') return null;
    const failures = attempt - 1;
    if (failures < FIRST_WARNING || !Number.isInteger(Math.log2(failures)) || nowMs < this.#nextAtMs) return null;
    this.#nextAtMs = nowMs + GAP_MS;
    return (
      `${failures} connections in a row have failed, the last one with "${reason}". The next attempt is in ${delay} ms. ` +
      'Check the network of this machine, the option `url`, and https://discordstatus.com. ' +
      'Pass a `logger`, or listen to `disconnected`, for every attempt.'
    );
  }
}

/** Shared by all shards of the process. */
export const unreachableWarnings = new UnreachableWarnings();
