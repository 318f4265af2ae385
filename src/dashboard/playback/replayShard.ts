import { setImmediate as turn } from 'node:timers/promises';
import { lifecycleOf, type ShardSnapshot } from '../../../machines/lifecycle.js';
import { restore, inspectSteps, step } from '../../audit/pureChart.js';
import type { ReplayRecord } from '../../audit/index.js';
import { formatProblem } from '../../audit/version.js';
import type { AuditStep } from '../messages.js';
import { edgesTaken, leafOf } from '../live/charts.js';
import { stepView } from '../live/views.js';
import type { ShardEntry } from './foldLog.js';

/** Time after which other tasks get a turn: a shard may have 100 000 records of 0.1 ms each. */
const TURN_MS = 10;

/**
 * Replays the records of one shard. Returns an AuditShard as JSON.
 * @throws the signal's reason, once it is aborted
 */
export async function replayShard(id: number, entries: readonly ShardEntry[], signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  const replay = new ShardReplay();
  const parts: Buffer[] = [];
  let text = `{"id":${id},"steps":[`;
  let end = performance.now() + TURN_MS;
  for (const [n, entry] of entries.entries()) {
    text += `${n === 0 ? '' : ','}${JSON.stringify(replay.next(entry))}`;
    if (performance.now() < end) continue;
    parts.push(Buffer.from(text));
    text = '';
    await turn();
    signal.throwIfAborted();
    end = performance.now() + TURN_MS;
  }
  return Buffer.concat([...parts, Buffer.from(`${text}]}`)]);
}

class ShardReplay {
  /** Charts by life; without lives whose last record the chart contradicts. */
  readonly #charts = new Map<number, ShardSnapshot>();

  next({ text, life, inCharge }: ShardEntry): AuditStep {
    const record = JSON.parse(text) as ReplayRecord;
    const taken = this.#step(life, record);
    const chart = this.#charts.get(inCharge);
    return {
      ...stepView(record),
      active: chart === undefined ? null : leafOf(chart.value),
      taken: life === inCharge ? taken : [],
    };
  }

  /** Edges that the chart takes on a record's events. None where the log was edited, torn or has another format. */
  #step(life: number, { v, start, since = [], event, from, to }: ReplayRecord): readonly string[] {
    const known = this.#charts.get(life);
    this.#charts.delete(life);
    if (formatProblem(v) !== null) return [];
    const taken: string[] = [];
    const stop = inspectSteps((inspected) => taken.push(...edgesTaken(inspected).map(({ edge }) => edge)));
    try {
      const began = start === undefined ? known : restore(start);
      if (began === undefined) return [];
      const before = since.reduce(step, began);
      const after = step(before, event);
      if (lifecycleOf(before) !== from || lifecycleOf(after) !== to) return [];
      this.#charts.set(life, after);
      return taken;
    } catch {
      return [];
    } finally {
      stop();
    }
  }
}
