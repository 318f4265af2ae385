import { lifecycles } from '../../../machines/lifecycle.js';
import type { AuditTimeline, Setup } from '../protocol.js';
import type { Source } from '../source.js';
import { replayShard } from './steps.js';
import type { FoldedLog } from './timeline.js';

const SHARD = /^\/audit\/shards\/(\d{1,9})$/;

/** A log that was read. */
export class AuditSource implements Source {
  readonly setup: Setup = { source: 'audit', lifecycles, controls: null };
  readonly follow = null;
  readonly controls = null;
  readonly #timeline: string;
  readonly #shards: FoldedLog['shards'];

  constructor({ timeline, shards }: FoldedLog, { files, skipped }: Pick<AuditTimeline, 'files' | 'skipped'>) {
    this.#timeline = JSON.stringify({ files, ...timeline, skipped } satisfies AuditTimeline);
    this.#shards = shards;
  }

  readonly json = async (path: string): Promise<string | null> => {
    if (path === '/audit/timeline') return this.#timeline;
    const id = Number(SHARD.exec(path)?.[1] ?? NaN);
    const entries = this.#shards.get(id);
    return entries === undefined ? null : JSON.stringify(await replayShard(id, entries));
  };

  stop(): void {}
}
