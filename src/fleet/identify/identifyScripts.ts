import { DAY_IDENTIFIES } from '../../protocol/identifyAllowance.js';
import { BUDGET_PERIOD_MS } from '../../protocol/limits.js';
import { script } from '../redis/script.js';

/*
 * KEYS: state, queue, seen, grants, recent, shards, hours. A ticket is "SHARD:INSTANCE:NUMBER".
 *   state   total, remaining, resetAt of Discord's day; concurrency; last position; drawn, drawnAt: permits in use
 *   queue   ticket -> position       seen    ticket -> time it was last asked for
 *   grants  ticket -> deadline       recent  committed ticket -> end of its window
 *   shards  shard -> time of its last identify       hours  hour -> identifies in it
 */
const PRELUDE = `
local state, queue, seen, grants, recent, shards, hours = unpack(KEYS)
local now = clock()
local DAY, DAY_TOTAL, HOUR = ${BUDGET_PERIOD_MS}, ${DAY_IDENTIFIES}, 3600000

local function shardOf(ticket) return tonumber(string.match(ticket, '^%d+')) end

-- The entries of a set of deadlines that are not over. A deadline further away than it can be comes from a step of the clock.
local function pending(key, limit)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local found = {}
  local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do
    local deadline = tonumber(all[i + 1])
    if deadline > now + limit then
      deadline = now + limit
      redis.call('ZADD', key, deadline, all[i])
    end
    found[all[i]] = deadline
  end
  return found
end

-- Discord's day as far as the fleet knows it: total, remaining, resetAt; nothing where it was never told.
local function day()
  local total, remaining, resetAt = unpack(redis.call('HMGET', state, 'total', 'remaining', 'resetAt'))
  if not total then return nil end
  total, remaining, resetAt = tonumber(total), tonumber(remaining), tonumber(resetAt)
  if resetAt > now + DAY then
    resetAt = now + DAY
    redis.call('HSET', state, 'resetAt', resetAt)
  end
  if now >= resetAt then
    remaining = total
    while resetAt <= now do resetAt = resetAt + DAY end
    redis.call('HSET', state, 'remaining', remaining, 'resetAt', resetAt)
  end
  return total, remaining, resetAt
end

-- Identifies of the last 24 hours, for a day that was never told.
local function lastDay()
  local sum = 0
  local all = redis.call('HGETALL', hours)
  for i = 1, #all, 2 do
    if tonumber(all[i]) + HOUR + DAY < now then redis.call('HDEL', hours, all[i])
    else sum = sum + tonumber(all[i + 1]) end
  end
  return sum
end

-- Identifies left today beyond the reserve, and the day's end.
local function left(reserve)
  local total, remaining, resetAt = day()
  if total then return remaining - reserve, resetAt end
  return DAY_TOTAL - lastDay() - reserve, now + HOUR
end

-- Permits for further identifies that are in use, after what time has brought back, and their number at most: the arithmetic
-- of src/protocol/identifyAllowance.ts. A shard's first identify in 24 hours needs none.
local function allowance()
  local count = redis.call('HLEN', shards)
  local total = tonumber(redis.call('HGET', state, 'total') or DAY_TOTAL)
  local rest = math.max(0, total - count)
  local burst = math.max(1, math.min(math.max(10, 2 * count), math.floor(rest / 2)))
  local refill = math.ceil(DAY / math.max(1, rest - burst))
  local drawn = tonumber(redis.call('HGET', state, 'drawn') or 0)
  local at = math.min(now, tonumber(redis.call('HGET', state, 'drawnAt') or now))
  return math.max(0, drawn - (now - at) / refill), burst, refill
end

local function isFirst(ticket)
  local at = redis.call('HGET', shards, shardOf(ticket))
  return not at or tonumber(at) + DAY < now
end
`;

/**
 * Queues tickets and grants those whose turn has come. ARGV: longest window, lifetime of a grant, time after which a waiter
 * that does not ask is removed, reserve, concurrency where none was told, then the tickets of the caller.
 *
 * Guarantees: a ticket is granted only if no grant is open and no window runs for its key, the day has an identify left, and
 * it stands first among the waiters of its key that may go. Only a ticket of the caller is granted, so a grant's short life
 * never passes unseen. Run twice it grants the same tickets. Deadlines are clamped: a step of Redis' clock cannot lock a key.
 *
 * Answers: granted tickets, then waiters in the queue, milliseconds until a ticket of the caller may go, and the day.
 */
export const askScript = script(`${PRELUDE}
local window, lifetime, stale, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local concurrency = tonumber(redis.call('HGET', state, 'concurrency') or ARGV[5])
local granted, wait, mine = {}, stale, {}
local open, cooling = pending(grants, lifetime), pending(recent, window)

for i = 6, #ARGV do
  local ticket = ARGV[i]
  mine[ticket] = true
  if open[ticket] then granted[#granted + 1] = ticket
  elseif not redis.call('ZSCORE', queue, ticket) then
    redis.call('ZADD', queue, redis.call('HINCRBY', state, 'last', 1), ticket)
  end
  redis.call('HSET', seen, ticket, now)
end

local taken = {}
for _, entries in ipairs({ open, cooling }) do
  for ticket, deadline in pairs(entries) do
    local key = shardOf(ticket) % concurrency
    taken[key] = math.max(taken[key] or 0, deadline)
  end
end

local budget, resetAt = left(reserve)
for _ in pairs(open) do budget = budget - 1 end
local drawn, burst, refill = allowance()
local waiting = 0
for _, ticket in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
  local at = tonumber(redis.call('HGET', seen, ticket) or 0)
  if at > now then redis.call('HSET', seen, ticket, now) end
  local key = shardOf(ticket) % concurrency
  if now - at > stale then
    redis.call('ZREM', queue, ticket)
    redis.call('HDEL', seen, ticket)
  elseif open[ticket] then
    redis.call('ZREM', queue, ticket)
  else
    waiting = waiting + 1
    local isAllowed = isFirst(ticket) or drawn + 1 <= burst
    if taken[key] then
      if mine[ticket] then wait = math.min(wait, taken[key] - now) end
    elseif budget <= 0 then
      if mine[ticket] then wait = math.min(wait, resetAt - now) end
    elseif not isAllowed then
      if mine[ticket] then wait = math.min(wait, (drawn + 1 - burst) * refill) end
    elseif mine[ticket] then
      redis.call('ZADD', grants, now + lifetime, ticket)
      redis.call('ZREM', queue, ticket)
      redis.call('HDEL', seen, ticket)
      granted[#granted + 1] = ticket
      taken[key] = now + lifetime
      budget = budget - 1
      waiting = waiting - 1
    else
      -- Another process' turn: it asks within a second.
      taken[key] = now + 100
    end
  end
end
local total, remaining
total, remaining, resetAt = day()
return { granted, waiting, math.max(0, math.ceil(wait)), total or -1, remaining or -1, resetAt or -1 }
`);

/**
 * Commits a grant: IDENTIFY leaves when this answers 1. ARGV: ticket, window, lifetime of a grant, reserve.
 *
 * Guarantees: the window of the key and the day's count start here, in one step. Answers 0, and counts nothing, for a grant
 * that has run out, or when another commit took the day's last identify or the last permit since. Run twice for one ticket it
 * counts once.
 */
export const commitScript = script(`${PRELUDE}
local ticket, window, lifetime, reserve = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if pending(recent, window)[ticket] then return 1 end
if not pending(grants, lifetime)[ticket] then return 0 end
redis.call('ZREM', grants, ticket)
if left(reserve) <= 0 then return 0 end
if not isFirst(ticket) then
  local drawn, burst = allowance()
  if drawn + 1 > burst then return 0 end
  redis.call('HSET', state, 'drawn', tostring(drawn + 1), 'drawnAt', now)
end
redis.call('ZADD', recent, now + window, ticket)
redis.call('HSET', shards, shardOf(ticket), now)
redis.call('HINCRBY', hours, math.floor(now / HOUR) * HOUR, 1)
if redis.call('HEXISTS', state, 'remaining') == 1 then redis.call('HINCRBY', state, 'remaining', -1) end
return 1
`);

/**
 * Takes tickets out of the queue and gives their grants back. ARGV: the tickets. Guarantees: a committed ticket keeps its
 * window. Run twice it changes nothing more.
 */
export const leaveScript = script(`${PRELUDE}
for i = 1, #ARGV do
  redis.call('ZREM', queue, ARGV[i])
  redis.call('HDEL', seen, ARGV[i])
  redis.call('ZREM', grants, ARGV[i])
end
return 1
`);

/**
 * Takes what GET /gateway/bot says. ARGV: total, remaining, milliseconds to the reset; -1 where unknown; max_concurrency or -1.
 *
 * Guarantees: within a day the lower of the told and the counted number stands, so that a late answer never raises it. Run
 * twice it changes nothing more. Answers the day.
 */
export const tellScript = script(`${PRELUDE}
local total, remaining, resetAfter, concurrency = unpack(ARGV)
if tonumber(concurrency) > 0 then redis.call('HSET', state, 'concurrency', concurrency) end
local known, counted, resetAt = day()
if tonumber(total) >= 0 then
  remaining = tonumber(remaining)
  if known then remaining = math.min(remaining, counted)
  else resetAt = now + tonumber(resetAfter) end
  redis.call('HSET', state, 'total', total, 'remaining', remaining, 'resetAt', resetAt)
end
known, counted, resetAt = day()
return { known or -1, counted or -1, resetAt or -1 }
`);
