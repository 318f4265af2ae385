/*
 * Functions that the scripts of the lease share. KEYS: fleet, workers, leases, owners, up, sessions, positions; src/fleet/keys.ts
 * says what they hold. A worker's row is JSON: instance, capacity or null, ttlMs, since, state, report.
 *
 * `fleet.epoch` is the highest epoch that was ever given. A caller that has seen a higher one proves that Redis has lost
 * writes: what it holds may be newer than what Redis says.
 */
export const PRELUDE = `
local fleet, workers, leases, owners, up, sessions, positions = unpack(KEYS)
local now = clock()

local function field(name) return tonumber(redis.call('HGET', fleet, name)) end

local function shardOf(key)
  local layout, id = string.match(key, '^(%d+):(%d+)$')
  return tonumber(layout), tonumber(id)
end

-- Owner and epoch of a shard; nothing and 0 for one that Redis does not know.
local function recordOf(text)
  if not text then return nil, 0 end
  local owner, epoch = string.match(text, '^(%S+) (%d+)$')
  return owner, tonumber(epoch)
end

local function setOwner(key, owner, epoch)
  redis.call('HSET', owners, key, owner .. ' ' .. epoch)
  redis.call('HDEL', up, key)
end

local function forget(key)
  for _, hash in ipairs({ owners, up, sessions, positions }) do redis.call('HDEL', hash, key) end
end

local function isUp(key, epoch) return tonumber(redis.call('HGET', up, key)) == epoch end

-- Layouts that run: number -> total. The next one is there during a reshard.
local function layouts()
  local found, next = { [field('layout') or 0] = field('total') }, field('nextLayout')
  if next then found[next] = field('nextTotal') end
  return found
end

-- End of a worker's lease. One further away than it can be comes from a step of the clock.
local function leaseOf(worker, ttl)
  local deadline = tonumber(redis.call('ZSCORE', leases, worker)) or 0
  if deadline > now + ttl then
    deadline = now + ttl
    redis.call('ZADD', leases, deadline, worker)
  end
  return deadline
end

local function rowOf(worker)
  local text = redis.call('HGET', workers, worker)
  return text and cjson.decode(text)
end

-- Workers by name whose lease lives; during a grace all that are known.
local function living(isGrace)
  local found, all = {}, redis.call('HGETALL', workers)
  for i = 1, #all, 2 do
    local row = cjson.decode(all[i + 1])
    if isGrace or leaseOf(all[i], row.ttlMs) > now then
      row.worker, row.owner = all[i], all[i] .. '/' .. row.instance
      found[#found + 1] = row
    end
  end
  table.sort(found, function(a, b) return a.worker < b.worker end)
  return found
end

local function isAnyOwned()
  for _, text in ipairs(redis.call('HVALS', owners)) do
    if recordOf(text) ~= '-' then return true end
  end
  return false
end

local function isGrace(ttl)
  local till = field('graceUntil') or 0
  if till > now + ttl then
    till = now + ttl
    redis.call('HSET', fleet, 'graceUntil', till)
  end
  return till > now, till
end

-- Notes that a worker is here. A grace begins where no worker was here for longer than a lease, or where Redis lost writes:
-- for one lease no shard is taken from its owner, so that all workers can say what they hold.
local function arrive(ttl, seen, isNew)
  local last, epoch = field('lastBeat'), field('epoch') or 0
  local isLost = epoch < seen or not last and not isNew
  local isGap = last and now - last > ttl and isAnyOwned()
  epoch = math.max(epoch, seen)
  redis.call('HSET', fleet, 'lastBeat', now, 'epoch', epoch)
  if isLost or isGap then redis.call('HSET', fleet, 'graceUntil', now + ttl, 'graceEpoch', epoch) end
end
`;

/** Wakes workers whose lease lives, so that they claim what has become free at once. Their inboxes are KEYS[8] and following. */
export const WAKE = `
local function wake(names)
  for i, worker in ipairs(names) do
    if (tonumber(redis.call('ZSCORE', leases, worker)) or 0) > now then
      redis.call('RPUSH', KEYS[7 + i], '{"type":"wake"}')
      -- A worker that has not read it by then is gone.
      redis.call('PEXPIRE', KEYS[7 + i], 60000)
    end
  end
end
`;
