-- When a slot is due, who is woken for it, and the end of every script. Put behind join.lua.

-- Waiting slots divided by the rate is how long the newest would wait anyway: gathering that long costs no one time
-- and saves calls (docs/decisions/0005).
local gather
local function gather_ms()
  if gather then return gather end
  gather = policy.gather_min_ms
  if policy.gather_max_ms > gather and policy.rate_per_s > 0 then
    local queue_ms = redis.call('ZCARD', due_key) * 1000 / policy.rate_per_s
    gather = math.max(gather, math.min(policy.gather_max_ms, math.floor(queue_ms)))
  end
  return gather
end

-- The first receipt fixes it. A slot whose PUT has just gone out waits out the longest gather time since then.
local function gather_due(s)
  return math.max(number(s, 'pt') + gather_ms(), number(s, 's') + policy.gather_max_ms)
end

-- The earliest slot's due time, sent to the workers when it comes before their next tick. Of several that this script
-- has made due together any may stand first.
local TICK_MS = 1000
local scheduled = {}
local function schedule(s, due_ms)
  redis.call('ZADD', due_key, due_ms, s.slot)
  scheduled[s.slot] = due_ms
end
local function wake()
  if not next(scheduled) then return end
  local due_ms = scheduled[redis.call('ZRANGE', due_key, 0, 0)[1]]
  if not due_ms or due_ms > now + TICK_MS then return end
  redis.call('PUBLISH', prefix .. ':wake', math.max(0, due_ms - now))
end

local function finish()
  for _, s in pairs(opened) do
    if next(s.changed) then write(s) end
  end
  write_counts()
  wake()
end
