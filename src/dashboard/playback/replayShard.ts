import { setImmediate as turn } from 'node:timers/promises';
import { lifecycleOf, type ShardSnapshot } from '../../../machines/lifecycle.js';
import { chartAt, inspectTaking, take } from '../../audit/pureChart.js';
import type { ReplayRecord } from '../../audit/index.js';
import { strangerTo } from '../../audit/version.js';
import type { AuditStep } from '../messages.js';
import { edgesTaken, leafOf } from '../live/charts.js';
import { stepView } from '../live/views.js';
import type { ShardEntry } from './foldLog.js';

/** After so long others have their turn: a shard may have a hundred thousand records, of a tenth of a millisecond each. */
const TURN_MS = 10;

/**
 * What the chart did in each of these records of one shard: an AuditShard, as JSON.
 * @throws the signal's reason, where it is aborted meanwhile
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
  /** By life. None of one whose last record the chart did not come to. */
  readonly #charts = new Map<number, ShardSnapshot>();

  next({ text, life, inCharge }: ShardEntry): AuditStep {
    const record = JSON.parse(text) as ReplayRecord;
    const taken = this.#take(life, record);
    const chart = this.#charts.get(inCharge);
    return {
      ...stepView(record),
      active: chart === undefined ? null : leafOf(chart.value),
      taken: life === inCharge ? taken : [],
    };
  }

  /** The edges the chart takes on the events of a record. A log may be edited, torn or of another format: then there are none. */
  #take(life: number, { v, start, since = [], event, from, to }: ReplayRecord): readonly string[] {
    const known = this.#charts.get(life);
    this.#charts.delete(life);
    if (strangerTo(v) !== null) return [];
    const taken: string[] = [];
    const stop = inspectTaking((inspected) => taken.push(...edgesTaken(inspected).map(({ edge }) => edge)));
    try {
      const began = start === undefined ? known : chartAt(start);
      if (began === undefined) return [];
      const before = since.reduce(take, began);
      const after = take(before, event);
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
