import { script } from '../redis/script.js';

/** Answers of {@link publishScript}. */
export type PublishAnswer =
  | readonly ['published']
  /** The shard is not this owner's, as far as Redis knows. */
  | readonly ['fenced']
  /** The events do not follow on what Redis has: this session up to this sequence; '' and 0 where it has none. */
  | readonly ['refused', mark: string, sequence: string];

/**
 * Publishes events of one session. KEYS: owners, positions, stream. ARGV: shard key, `OWNER EPOCH`, the session's mark, the
 * sequence that the events follow, `MARK SEQUENCE` of the position where this session may begin, length of the stream, then a
 * sequence and a text for each event.
 *
 * Guarantees: only the owner of this epoch publishes. The stream has each event of a session once and in order: what is
 * published already is dropped, and events that do not follow on are refused. The position always names the last entry of the
 * stream. A new session gets the next generation together with its first event, so every id is higher than those before it.
 * Run twice, and late, it changes nothing more.
 */
export const publishScript = script(`
local owners, positions, stream = unpack(KEYS)
local shard, claim, mark, after, beginsAt, length = unpack(ARGV, 1, 6)
if redis.call('HGET', owners, shard) ~= claim then return { 'fenced' } end

local generation, sequence, known = '0', '0', ''
local position = redis.call('HGET', positions, shard)
if position then generation, sequence, known = string.match(position, '^(%d+) (%d+) (.*)$') end

if known ~= mark then
  if beginsAt ~= known .. ' ' .. sequence then return { 'refused', known, sequence } end
  -- A position that was lost without its stream: XADD takes higher ids only.
  local top = 0
  if redis.call('EXISTS', stream) == 1 then
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then top = tonumber(string.match(info[i + 1], '^%d+')) end
    end
  end
  generation = string.format('%.0f', math.max(tonumber(generation), top) + 1)
  sequence = after
elseif tonumber(sequence) < tonumber(after) then
  return { 'refused', known, sequence }
end

sequence = tonumber(sequence)
local before = sequence
for i = 7, #ARGV, 2 do
  local s = tonumber(ARGV[i])
  if s > sequence then
    redis.call('XADD', stream, 'MAXLEN', '~', length, generation .. '-' .. ARGV[i], 'p', ARGV[i + 1], 'm', mark)
    sequence = s
  end
end
if sequence > before then
  redis.call('HSET', positions, shard, generation .. ' ' .. string.format('%.0f', sequence) .. ' ' .. mark)
end
return { 'published' }
`);
