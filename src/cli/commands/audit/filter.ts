import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { TransitionRecord } from '../../../shard/events.js';
import { UsageError } from '../../exitCode.js';
import { parseTime } from './time.js';

/** `--shard`, `--since`, `--until` and `--state`, as the command line has them. */
export interface FilterOptions {
  readonly shard?: string;
  readonly since?: string;
  readonly until?: string;
  readonly state?: string;
  readonly utc?: boolean;
}

/** The records to show. */
export interface Filter {
  readonly hasShard: (shardId: number) => boolean;
  /** Milliseconds since the epoch; records at either end are included. */
  readonly since: number;
  readonly until: number;
  readonly states: ReadonlySet<Lifecycle>;
}

/**
 * Reads the options that filter records.
 *
 * @throws UsageError for a time, shard or state that cannot be read.
 */
export function parseFilter({ shard, since, until, state, utc }: FilterOptions, now: number): Filter {
  const zone = { now, isUtc: utc === true };
  const filter = {
    hasShard: shard === undefined ? () => true : parseShards(shard),
    since: since === undefined ? -Infinity : parseTime(since, zone),
    until: until === undefined ? Infinity : parseTime(until, zone),
    states: new Set(state === undefined ? lifecycles : parseStates(state)),
  };
  if (filter.since > filter.until)
    throw new UsageError(`--since ${since} is after --until ${until}. Give the earlier time to --since.`);
  return filter;
}

/** True for a record of one of the shards, within the time, that leads from or to one of the states. */
export function matches({ hasShard, since, until, states }: Filter, record: TransitionRecord): boolean {
  const { at, shardId, from, to } = record;
  return at >= since && at <= until && hasShard(shardId) && (states.has(from) || states.has(to));
}

/** Parses `0,3,5-8`. */
function parseShards(text: string): Filter['hasShard'] {
  const ranges = text.split(',').map((part) => {
    const found = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part.trim());
    const first = Number(found?.[1]);
    const last = Number(found?.[2] ?? first);
    if (found === null || last < first)
      throw new UsageError(`"${part.trim()}" is not a shard id. Use ids as in 0,3,5-8.`);
    return { first, last };
  });
  return (shardId) => ranges.some(({ first, last }) => shardId >= first && shardId <= last);
}

function parseStates(text: string): Lifecycle[] {
  return text.split(',').map((name) => {
    const state = lifecycles.find((known) => known.toLowerCase() === name.trim().toLowerCase());
    if (state === undefined) throw new UsageError(`There is no state "${name.trim()}". Use ${lifecycles.join(', ')}.`);
    return state;
  });
}
