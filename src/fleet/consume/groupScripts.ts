import { script } from '../redis/script.js';

/** Answers of {@link shareScript}. */
export type ShareAnswer =
  /** The script must be run with the streams of these layouts, `LAYOUT TOTAL` each with commas between; '' before the fleet exists. */
  | readonly ['layouts', layouts: string]
  /** ShardKeys whose streams are this member's, and those among them that another member waits for. */
  | readonly ['streams', owned: readonly string[], give: readonly string[]];

/**
 * A member's beat in a consumer group. KEYS: fleet, owners, group, members, then the streams. ARGV: member as
 * `CONSUMER/INSTANCE TTL`, ttl, name of the group, where a new group begins (`$` or `0`), the layouts that the caller knows,
 * number of streams, the ShardKey of each, then the ShardKeys that the member reads.
 *
 * Guarantees: a stream has one member at a time. A stream that was there before the group is read from where the group
 * begins, a later one from its first entry. Streams of the next layout are skipped until the cutover, and those of the current
 * one wait until all before it are read to the end: no event falls between two layouts. A stream that a living member reads
 * moves only after that member no longer names it. Run twice it answers with the same streams or more.
 */
export const shareScript = script(`
local fleet, owners, group, members = unpack(KEYS, 1, 4)
local me, ttl, name, begin, known, count = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local now = clock()

-- A member whose lease has ended is gone. A deadline further away than it can be comes from a step of the clock.
redis.call('ZADD', members, now + ttl, me)
local all, isMember, names = redis.call('ZRANGE', members, 0, -1, 'WITHSCORES'), {}, {}
for i = 1, #all, 2 do
  local member, left = all[i], tonumber(all[i + 1]) - now
  local most = tonumber(string.match(member, ' (%d+)$')) or ttl
  if left > most then redis.call('ZADD', members, now + most, member) end
  if left > 0 then
    isMember[member], names[#names + 1] = true, member
  else
    redis.call('ZREM', members, member)
  end
end

-- Layouts to be read: what is left of earlier ones, the current one, the next one.
local fields = redis.call('HMGET', fleet, 'layout', 'total', 'nextLayout', 'nextTotal')
local current, following = tonumber(fields[1] or nil), tonumber(fields[3] or nil)
local layouts = {}
if current then
  for layout, total in string.gmatch(redis.call('HGET', group, 'layouts') or '', '(%d+) (%d+)') do
    if tonumber(layout) < current then layouts[#layouts + 1] = layout .. ' ' .. total end
  end
  layouts[#layouts + 1] = fields[1] .. ' ' .. fields[2]
  if following then layouts[#layouts + 1] = fields[3] .. ' ' .. fields[4] end
end
if table.concat(layouts, ',') ~= known then return { 'layouts', table.concat(layouts, ',') } end
if redis.call('HSETNX', group, 'layouts', known) == 0 then
  begin = '0'
  redis.call('HSET', group, 'layouts', known)
end
if not current then return { 'streams', {}, {} } end

-- The end of a stream, and how far the group has come.
local function progressOf(stream)
  local last, delivered, pending
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then last = info[i + 1] end end
  for _, each in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local found = {}
    for i = 1, #each, 2 do found[each[i]] = each[i + 1] end
    if found.name == name then delivered, pending = found['last-delivered-id'], found.pending end
  end
  return last == delivered, pending
end

local earlier, present, areEarlierRead, areEarlierDone = {}, {}, true, true
for i = 1, count do
  local shard, stream = ARGV[6 + i], KEYS[4 + i]
  local layout, isOwned = tonumber(string.match(shard, '^%d+')), redis.call('HEXISTS', owners, shard) == 1
  if layout < current and isOwned then areEarlierRead, areEarlierDone = false, false end
  if redis.call('EXISTS', stream) == 1 then
    local made = redis.pcall('XGROUP', 'CREATE', stream, name, begin)
    if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
    if layout == following then
      redis.call('XGROUP', 'SETID', stream, name, '$')
    elseif layout == current then
      present[#present + 1] = shard
    else
      local isRead, pending = progressOf(stream)
      if not isRead then areEarlierRead = false end
      if not isRead or pending > 0 then areEarlierDone = false end
      if not isRead or pending > 0 or isOwned then earlier[#earlier + 1] = shard end
    end
  end
end
if areEarlierDone then
  local left = fields[1] .. ' ' .. fields[2]
  if following then left = left .. ',' .. fields[3] .. ' ' .. fields[4] end
  redis.call('HSET', group, 'layouts', left)
end
local readable = earlier
if areEarlierRead then for _, shard in ipairs(present) do readable[#readable + 1] = shard end end

local isHeld, readers, counts, mine, free, isReadable = {}, {}, {}, {}, {}, {}
for i = 7 + count, #ARGV do isHeld[ARGV[i]] = true end
local rows = redis.call('HGETALL', group)
for i = 1, #rows, 2 do readers[rows[i]] = rows[i + 1] end
for _, shard in ipairs(readable) do
  local reader = readers[shard]
  isReadable[shard] = true
  if reader == me and not isHeld[shard] or reader and not isMember[reader] then reader = nil end
  if not reader and isHeld[shard] then reader = me end
  if reader then counts[reader] = (counts[reader] or 0) + 1
  else free[#free + 1] = shard end
  if reader == me then mine[#mine + 1] = shard end
end

-- Fair shares: what is left over goes to those who have most, then by name, so that no stream moves for it.
table.sort(names, function(a, b)
  local one, other = counts[a] or 0, counts[b] or 0
  if one ~= other then return one > other end
  return a < b
end)
local share = math.floor(#readable / #names)
for rank, member in ipairs(names) do
  if member == me and rank <= #readable % #names then share = share + 1 end
end
for _, shard in ipairs(free) do
  if #mine < share then mine[#mine + 1] = shard
  else redis.call('HDEL', group, shard) end
end
local give = {}
for i = share + 1, #mine do give[#give + 1] = mine[i] end
for _, shard in ipairs(mine) do redis.call('HSET', group, shard, me) end
for shard, reader in pairs(readers) do
  if reader == me and not isReadable[shard] then redis.call('HDEL', group, shard) end
end
return { 'streams', mine, give }
`);

/**
 * Takes a member out of its group. KEYS: group, members. ARGV: member. Guarantees: its streams are free at once. Run twice it
 * changes nothing more.
 */
export const leaveGroupScript = script(`
local group, members = unpack(KEYS)
redis.call('ZREM', members, ARGV[1])
local rows = redis.call('HGETALL', group)
for i = 1, #rows, 2 do if rows[i + 1] == ARGV[1] then redis.call('HDEL', group, rows[i]) end end
return 1
`);
