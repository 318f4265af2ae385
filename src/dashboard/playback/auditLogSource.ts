import type { AuditTimeline, Setup } from '../messages.js';
import type { Source } from '../source.js';
import { shownStates } from '../live/views.js';
import { Replays } from './replays.js';
import type { FoldedLog } from './foldLog.js';

const SHARD = /^\/audit\/shards\/(\d{1,16})$/;

/** Source of a log that was read. */
export class AuditLogSource implements Source {
  readonly setup: Setup = { source: 'audit', states: shownStates, controls: null };
  readonly follow = null;
  readonly controls = null;
  readonly #timeline: Buffer;
  readonly #replays: Replays;

  constructor({ timeline, shards }: FoldedLog, { files, skipped }: Pick<AuditTimeline, 'files' | 'skipped'>) {
    this.#timeline = Buffer.from(JSON.stringify({ files, ...timeline, skipped } satisfies AuditTimeline));
    this.#replays = new Replays(shards);
  }

  readonly json = async (path: string, gone: AbortSignal): Promise<Buffer | null> => {
    if (path === '/audit/timeline') return this.#timeline;
    const [, id] = SHARD.exec(path) ?? [];
    return id === undefined ? null : this.#replays.of(Number(id), gone);
  };

  stop(): void {}
}
