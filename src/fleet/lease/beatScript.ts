import { script } from '../redis/script.js';
import { PRELUDE } from './prelude.js';

const RESTORE = `
-- A Redis that came back empty or older learns the layouts from the workers: the higher one is right.
local function restoreLayouts(layout, total, nextLayout, nextTotal)
  if layout > (field('layout') or 0) then
    redis.call('HSET', fleet, 'layout', layout, 'total', total)
    if (field('nextLayout') or 0) <= layout then redis.call('HDEL', fleet, 'nextLayout', 'nextTotal') end
  end
  if nextLayout > math.max(field('layout'), field('nextLayout') or 0) then
    redis.call('HSET', fleet, 'nextLayout', nextLayout, 'nextTotal', nextTotal)
  end
end

-- Makes this worker the owner of a shard that it holds and that Redis, having lost writes, does not know or gave to a worker
-- which has not brought it up.
local function adopt(key, epoch, isUpHere, me, isGrace)
  local owner, known = recordOf(redis.call('HGET', owners, key))
  if owner == me and known >= epoch then return end
  if known < epoch then return setOwner(key, me, epoch) end
  local isRival = owner ~= '-' and not isUp(key, known) and (known == epoch or isGrace)
  if isUpHere and isRival then setOwner(key, me, redis.call('HINCRBY', fleet, 'epoch', 1)) end
end
`;

const SHARES = `
local function canServe(row) return row.state == 'serving' and row.capacity ~= 0 end

local function limitOf(row) return type(row.capacity) == 'number' and row.capacity or math.huge end

-- Fair shares of a layout: all serving workers have the same, but none more than its capacity. What is left over goes to those
-- who own most, then by name, so that no shard moves for it.
local function sharesOf(rows, counts, total)
  local shares, open, left = {}, {}, total
  for _, row in ipairs(rows) do
    shares[row.owner] = 0
    if canServe(row) then open[#open + 1] = row end
  end
  table.sort(open, function(a, b)
    local one, other = counts[a.owner] or 0, counts[b.owner] or 0
    if one ~= other then return one > other end
    return a.worker < b.worker
  end)
  while left > 0 and #open > 0 do
    local level, rest = math.max(1, math.floor(left / #open)), {}
    for _, row in ipairs(open) do
      local added = math.min(level, left, limitOf(row) - shares[row.owner])
      shares[row.owner] = shares[row.owner] + added
      left = left - added
      if shares[row.owner] < limitOf(row) then rest[#rest + 1] = row end
    end
    open = rest
  end
  return shares
end

-- Shards that this worker has too many and for which others have room beyond the free ones.
local function surplusOf(rows, counts, shares, free, me)
  local room = -free
  for owner, share in pairs(shares) do room = room + math.max(0, share - (counts[owner] or 0)) end
  return math.max(0, math.min(room, (counts[me] or 0) - shares[me]))
end
`;

const MOVES = `
-- The shard that is on its way between two workers, and its epoch at the first. The move is over when the shard is up at the
-- other, and after some time in any case.
local function moveOf(limit, current)
  local key, epoch = recordOf(redis.call('HGET', fleet, 'moving'))
  if not key then return nil end
  local _, known = recordOf(redis.call('HGET', owners, key))
  local till = math.min(field('movingUntil') or 0, now + limit)
  if till > now and current[shardOf(key)] and not (known > epoch and isUp(key, known)) then return key, epoch end
  redis.call('HDEL', fleet, 'moving', 'movingUntil')
end
`;

/**
 * A worker's beat. ARGV: worker, instance, row, time of the join, ttl, longest time of a move, highest epoch seen, layout and
 * total that the worker knows, next layout and total or -1, then of each shard it holds its ShardKey,
 * its epoch, and 1 if it is Connected, 2 if it awaits READY, else 0.
 *
 * Guarantees: the lease is renewed, except under a name that a later instance has. A shard has one owner, and its epoch rises
 * with each change. Free are shards that Redis does not know, those that were released, and those of workers whose lease has
 * ended; during a grace only those of an earlier instance of a living name. A worker claims free shards up to its share. Of
 * shards that are up one moves at a time in the whole fleet; those that are not up cost nothing, and go at once, but for one whose IDENTIFY is spent already. Shards that a
 * worker holds and Redis has forgotten stay with it; released ones do not. Run twice it answers with all that it owns by then.
 *
 * Answers 1 where the worker is fenced; otherwise 0, owned shards with epochs, shards to give, layout, total, next layout and
 * total or -1, owners whose lease lives, highest epoch, milliseconds until the next beat is wanted or -1,
 * and 1 during a grace.
 */
export const beatScript = script(`${PRELUDE}${RESTORE}${SHARES}${MOVES}
local worker, instance, row, since = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ttl, moveLimit, seen = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local me, other = worker .. '/' .. instance, rowOf(worker)
if other and other.instance ~= instance and other.since >= since then return { 1 } end

arrive(ttl, seen, false)
restoreLayouts(tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]))
redis.call('HSET', workers, worker, row)
redis.call('ZADD', leases, now + ttl, worker)
local current, held, starting = layouts(), {}, {}
local grace, graceEnd = isGrace(ttl)
for i = 12, #ARGV, 3 do
  local key, isUpHere = ARGV[i], ARGV[i + 2] == '1'
  held[key] = true
  starting[key] = ARGV[i + 2] == '2'
  if current[shardOf(key)] then adopt(key, tonumber(ARGV[i + 1]), isUpHere, me, grace) end
  local owner, epoch = recordOf(redis.call('HGET', owners, key))
  if owner == me then
    if isUpHere then redis.call('HSET', up, key, epoch) else redis.call('HDEL', up, key) end
  end
end

-- Who owns what: numbers of shards by layout and owner, and this worker's shards by layout.
local rows, isOwner, instanceOf = living(grace), {}, {}
for _, each in ipairs(rows) do isOwner[each.owner], instanceOf[each.worker] = true, each.instance end
local counts, mine, epochs, busy, debtors, finished = {}, {}, {}, {}, {}, {}
for layout in pairs(current) do counts[layout], mine[layout] = {}, {} end
local all = redis.call('HGETALL', owners)
for i = 1, #all, 2 do
  local key, layout = all[i], shardOf(all[i])
  local owner, epoch = recordOf(all[i + 1])
  local name = string.match(owner, '^[^/]+')
  epochs[key], debtors[name] = epoch, true
  busy[key] = isOwner[owner] or grace and not instanceOf[name]
  if not current[layout] then
    if owner == me and held[key] then finished[#finished + 1] = key
    elseif owner == me or not busy[key] then forget(key) end
  else
    if isOwner[owner] then counts[layout][owner] = (counts[layout][owner] or 0) + 1 end
    if owner == me then table.insert(mine[layout], key) end
  end
end

local moving, movingEpoch = moveOf(moveLimit, current)
local owned, giving, isUneven = {}, {}, false

-- Gives a shard away; one that is not held here is free at once.
local function hand(key)
  if held[key] then giving[#giving + 1] = key
  else setOwner(key, '-', epochs[key]) end
  return not held[key]
end

local function claim(layout, total, count)
  for id = 0, total - 1 do
    if count <= 0 then return end
    local key = layout .. ':' .. id
    if not busy[key] and (epochs[key] or not grace) then
      epochs[key] = redis.call('HINCRBY', fleet, 'epoch', 1)
      setOwner(key, me, epochs[key])
      table.insert(mine[layout], key)
      busy[key] = true
      count = count - 1
    end
  end
end

-- Gives so many shards away, and answers those that are free already.
local function balance(all, count)
  local isGone, isDown, keys = {}, {}, {}
  for _, key in ipairs(all) do if not starting[key] then keys[#keys + 1] = key end end
  for _, key in ipairs(keys) do isDown[key] = not isUp(key, epochs[key]) end
  table.sort(keys, function(a, b)
    if isDown[a] ~= isDown[b] then return isDown[a] end
    return select(2, shardOf(a)) > select(2, shardOf(b))
  end)
  if moving and count > 0 and epochs[moving] == movingEpoch then
    for _, key in ipairs(keys) do
      if key == moving then
        isGone[key] = hand(key)
        count = count - 1
      end
    end
  end
  for _, key in ipairs(keys) do
    if count <= 0 then break end
    if key ~= moving and (isDown[key] or not moving) then
      if not isDown[key] then
        moving = key
        redis.call('HSET', fleet, 'moving', key .. ' ' .. epochs[key], 'movingUntil', now + moveLimit)
      end
      isGone[key] = hand(key)
      count = count - 1
    end
  end
  return isGone
end

for layout, total in pairs(current) do
  local shares, isGone = sharesOf(rows, counts[layout], total), {}
  local count = #mine[layout]
  if not canServe(cjson.decode(row)) then
    for _, key in ipairs(mine[layout]) do isGone[key] = hand(key) end
  else
    claim(layout, total, shares[me] - count)
    local free = 0
    for id = 0, total - 1 do if not busy[layout .. ':' .. id] then free = free + 1 end end
    if not grace then isGone = balance(mine[layout], surplusOf(rows, counts[layout], shares, free, me)) end
    isUneven = isUneven or #mine[layout] ~= shares[me]
  end
  for _, key in ipairs(mine[layout]) do
    -- Before the grace a record may be older than what its shard's holder has yet to say.
    local isCertain = not grace or held[key] or epochs[key] > (field('graceEpoch') or 0)
    if isCertain and not isGone[key] then owned[#owned + 1], owned[#owned + 2] = key, epochs[key] end
  end
end
for _, key in ipairs(finished) do
  owned[#owned + 1], owned[#owned + 2] = key, epochs[key]
  hand(key)
end

-- Workers that are gone, and own nothing any more, are forgotten.
if not grace then
  for _, name in ipairs(redis.call('HKEYS', workers)) do
    if not instanceOf[name] and not debtors[name] then
      redis.call('HDEL', workers, name)
      redis.call('ZREM', leases, name)
    end
  end
end

-- The next beat is wanted when the grace ends, when a worker that has missed a beat loses its lease, or while a shard moves.
local names, again = {}, -1
for i, each in ipairs(rows) do
  names[i] = each.owner
  local left = leaseOf(each.worker, each.ttlMs) - now
  if left < each.ttlMs / 2 and not grace then again = again < 0 and left + 1 or math.min(again, left + 1) end
end
if grace then again = graceEnd - now + 1
elseif moving and (isUneven or recordOf(redis.call('HGET', owners, moving)) == me) then again = 100 end
return {
  0, owned, giving, { field('layout'), field('total'), field('nextLayout') or -1, field('nextTotal') or -1 },
  names, field('epoch'), again, grace and 1 or 0
}
`);
