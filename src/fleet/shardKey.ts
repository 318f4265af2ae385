/** Name of a shard in the fleet, `LAYOUT:ID`. A layout is one numbering of the shards; a reshard makes the next. */
export type ShardKey = string;

export const keyOfShard = (layout: number, id: number): ShardKey => `${layout}:${id}`;

export function shardOfKey(key: ShardKey): { readonly layout: number; readonly id: number } {
  const [layout = NaN, id = NaN] = key.split(':').map(Number);
  return { layout, id };
}
