import { script } from '../redis/script.js';
import { PRELUDE, WAKE } from './prelude.js';

/**
 * Takes a worker into the fleet. ARGV: worker, its row, ttl, total, 1 where the total is a proposal.
 *
 * Guarantees: a fleet that has no layout gets layout 1 with this total; otherwise the fleet's total stands, and another one is
 * refused. A name whose lease lives under another instance is refused; one whose lease has ended is taken over, and the
 * shards of the earlier instance are free. Writes nothing where it refuses. Run twice it changes nothing more.
 *
 * Answers `ok`, layout, total, next layout and total or -1, highest epoch, time of the join; or `taken` and the milliseconds
 * until the lease ends; or `total` and the fleet's total.
 */
export const joinScript = script(`${PRELUDE}
local worker, row, ttl, total, isProposal = ARGV[1], cjson.decode(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local before = rowOf(worker)
row.since = now
if before and before.instance == row.instance then
  row.since = before.since
elseif before and leaseOf(worker, before.ttlMs) > now then
  return { 'taken', leaseOf(worker, before.ttlMs) - now }
end
local current = field('total')
if current and total ~= current and total ~= field('nextTotal') and isProposal ~= '1' then return { 'total', current } end

arrive(ttl, 0, not current)
if not current then redis.call('HSET', fleet, 'layout', 1, 'total', total) end
redis.call('HSET', workers, worker, cjson.encode(row))
redis.call('ZADD', leases, now + ttl, worker)
return {
  'ok', field('layout'), field('total'), field('nextLayout') or -1, field('nextTotal') or -1, field('epoch'), row.since
}
`);

/**
 * Frees shards. ARGV: owner, number of shards, then ShardKey and epoch of each, then the names of the workers to wake.
 *
 * Guarantees: a shard of another owner, or of another epoch of this one, stays as it is. The record of a free shard stays with
 * its epoch: a worker that wakes late and held it is not its owner. Shards of a finished layout are forgotten. Run twice it
 * frees nothing more.
 */
export const releaseScript = script(`${PRELUDE}${WAKE}
local owner, count, names = ARGV[1], tonumber(ARGV[2]), {}
local current = layouts()
for i = 3, 2 + 2 * count, 2 do
  local key, epoch = ARGV[i], tonumber(ARGV[i + 1])
  local holder, known = recordOf(redis.call('HGET', owners, key))
  if known < epoch or holder == owner and known == epoch then
    if current[shardOf(key)] then setOwner(key, '-', epoch)
    else forget(key) end
  end
end
for i = 3 + 2 * count, #ARGV do names[#names + 1] = ARGV[i] end
wake(names)
return 1
`);

/**
 * Says if a shard is this worker's now. ARGV: worker, instance, ttl, ShardKey, epoch.
 *
 * Guarantees: where the answer is 1 no other worker can claim the shard within the next ttl, because the lease is renewed with
 * it. A lease that has ended is not: its shards may be claimed at any moment. Run twice it answers the same.
 */
export const holdsScript = script(`${PRELUDE}
local worker, instance, ttl, key, epoch = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local row = rowOf(worker)
if not row or row.instance ~= instance or leaseOf(worker, ttl) <= now then return 0 end
if redis.call('HGET', owners, key) ~= worker .. '/' .. instance .. ' ' .. epoch then return 0 end
redis.call('ZADD', leases, now + ttl, worker)
return 1
`);

/**
 * Takes a worker out of the fleet. ARGV: worker, instance, then the names of the workers to wake.
 *
 * Guarantees: what it still owned is free at once. A later instance of the same name stays. Run twice it changes nothing more.
 */
export const leaveScript = script(`${PRELUDE}${WAKE}
local worker, instance = ARGV[1], ARGV[2]
local all = redis.call('HGETALL', owners)
for i = 1, #all, 2 do
  local owner, epoch = recordOf(all[i + 1])
  if owner == worker .. '/' .. instance then setOwner(all[i], '-', epoch) end
end
local row = rowOf(worker)
if row and row.instance == instance then
  redis.call('HDEL', workers, worker)
  redis.call('ZREM', leases, worker)
end
local names = {}
for i = 3, #ARGV do names[#names + 1] = ARGV[i] end
wake(names)
return 1
`);

/** Answers Redis' time and all that the scripts know: fleet, workers, leases, owners, up. Writes nothing. */
export const statusScript = script(`${PRELUDE}
return {
  now, redis.call('HGETALL', fleet), redis.call('HGETALL', workers), redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', owners), redis.call('HGETALL', up)
}
`);

/**
 * Begins a reshard. ARGV: the layout that the caller knows as the current one, the next total.
 *
 * Guarantees: at most one reshard at a time. Run twice it changes nothing more, also where the reshard is over.
 * Answers `ok`, or `busy` and the total of the reshard that is under way.
 */
export const startReshardScript = script(`${PRELUDE}
local known, total = tonumber(ARGV[1]), tonumber(ARGV[2])
local next = field('nextTotal')
if next and next ~= total then return { 'busy', next } end
if not next and field('layout') == known then
  redis.call('HSET', fleet, 'nextLayout', known + 1, 'nextTotal', total)
end
return { 'ok', total }
`);

/**
 * Makes the next layout the current one. ARGV: number of the next layout.
 *
 * Guarantees: it is done only while all shards of the next layout are Connected at living workers, and its time is written in
 * the same step. Run twice it changes nothing more. Answers the time of the cutover, or -1 and the shards that are not up.
 */
export const cutOverScript = script(`${PRELUDE}
local next = tonumber(ARGV[1])
if (field('layout') or 0) >= next then return { field('cutoverAt') or now } end
if field('nextLayout') ~= next then return { -1 } end
local isOwner, missing = {}, {}
for _, row in ipairs(living(false)) do isOwner[row.owner] = true end
for id = 0, field('nextTotal') - 1 do
  local key = next .. ':' .. id
  local owner, epoch = recordOf(redis.call('HGET', owners, key))
  if not isOwner[owner or '-'] or not isUp(key, epoch) then missing[#missing + 1] = key end
end
if #missing > 0 then return { -1, unpack(missing, 1, math.min(#missing, 1000)) } end
redis.call('HSET', fleet, 'layout', next, 'total', field('nextTotal'), 'cutoverAt', now)
redis.call('HDEL', fleet, 'nextLayout', 'nextTotal')
return { now }
`);
