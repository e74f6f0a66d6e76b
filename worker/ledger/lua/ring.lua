-- ring: how many sync tasks to enqueue now. A permit stands for each, from the doorbell until the sync has ended;
-- it expires, so that a lost doorbell heals.
-- ARGV     most syncs at once; life of a permit in ms; slots that one sync sends side by side; a word unique to
--          this call; permit that is given back, or ''
-- answers  {next_ms, policy known (1 or 0), permit, …}; next_ms until something may be claimed, -1 nothing waits

read_pace()

local syncs_max, permit_ms, side_by_side = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local permits_key = prefix .. ':permits'

spared('ZREMRANGEBYSCORE', permits_key, '-inf', now)
if ARGV[5] ~= '' then redis.call('ZREM', permits_key, ARGV[5], AT_WORK .. ARGV[5]) end

local next_ms = claimable_in_ms()
local answer = {next_ms, spared('HLEN', prefix .. ':policy') > 0 and 1 or 0}
if next_ms == 0 then
  local due = redis.call('ZCOUNT', due_key, '-inf', now)
  local deserved = math.ceil(math.min(due, room()) / side_by_side)
  local free = syncs_max - redis.call('ZCARD', permits_key)
  for i = 1, math.min(deserved, free) do
    local permit = ARGV[4] .. '-' .. i
    redis.call('ZADD', permits_key, now + permit_ms, permit)
    answer[#answer + 1] = permit
  end
  count('doorbells', #answer - 2)
  write_counts()
end
-- A sync that leaves with something due before the next tick: the tickers took it to be at work, and sleep.
if ARGV[5] ~= '' and next_ms > 0 and next_ms < TICK_MS then redis.call('PUBLISH', prefix .. ':wake', next_ms) end
return answer
