import { UsageError } from '../../exitCode.js';

/** `--shards`, `--total` and `--ids`, as the command line has them. */
export interface ShardChoice {
  readonly shards?: number | 'auto';
  readonly total?: number;
  readonly ids?: string;
}

/** Options for the manager: without `ids` it runs all shards. */
export interface ChosenShards {
  readonly total: number | 'auto';
  readonly ids?: readonly number[];
}

/**
 * Chooses the shards to run, and their total.
 * @throws UsageError
 */
export function chooseShards({ shards, total, ids }: ShardChoice): ChosenShards {
  if (ids !== undefined) {
    if (shards !== undefined) throw new UsageError('Use either --shards or --ids, not both.');
    if (total === undefined) throw new UsageError('--ids needs --total, the number of shards that the bot has in all.');
    return { total, ids: parseIds(ids, total) };
  }
  if (shards === 'auto') {
    if (total !== undefined)
      throw new UsageError('Use either --total or --shards auto, which asks Discord for the total.');
    return { total: 'auto' };
  }
  const all = total ?? shards ?? 1;
  if (shards === undefined || shards === all) return { total: all };
  if (shards > all) throw noShard(all, all);
  return { total: all, ids: range(0, shards - 1) };
}

/** Parses `0,3,5-8`. The total limits how many ids a range can have. */
function parseIds(text: string, total: number): readonly number[] {
  const ids = text.split(',').flatMap((part) => {
    const found = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part.trim());
    const first = Number(found?.[1]);
    const last = Number(found?.[2] ?? first);
    if (found === null || last < first)
      throw new UsageError(`"${part.trim()}" is not a shard id. Use ids as in 0,3,5-8.`);
    if (last >= total) throw noShard(Math.max(first, total), total);
    return range(first, last);
  });
  return [...new Set(ids)];
}

const noShard = (id: number, total: number) =>
  new UsageError(`There is no shard ${id} of ${total}: ids go from 0 to ${total - 1}.`);

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
