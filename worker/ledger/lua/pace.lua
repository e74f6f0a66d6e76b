-- The pace of one application, shared by all workers: what the law (law.lua) says, stored, and the window that keeps
-- the promise: over any second at most `rate_per_s` calls, counted one by one. Put behind the law.

local WINDOW_MS = 1000
local function pace_key() return prefix .. ':pace' end
local function window_key() return prefix .. ':window' end

-- What no function wrote counts as nothing: garbage must neither hold an application for ever nor let it run freely.
local TIMES = {at = true, cut = true, round = true, pressed = true, w_at = true, r_at = true, closed = true,
  outage = true, open = true, refused = true, over = true, idle = true, idle_till = true, probe = true}
-- May lie ahead, but not further than HOLD_FAR_MS: a clock that was set back must not end a pause.
local AHEAD = {hold = true, till = true, paused = true}
local HOLD_FAR_MS = 2 * 86400000

-- Answers the law's state, and the configured rate in calls/s. Asked before anything else of this file.
local function read_pace()
  local pace, as_stored = {}, {}
  local stored = spared('HGETALL', pace_key())
  for i = 1, #stored, 2 do
    local field, value = stored[i], stored[i + 1]
    local n = tonumber(value)
    as_stored[field] = n or value
    local latest = TIMES[field] and now or AHEAD[field] and now + HOLD_FAR_MS or 2 ^ 53
    if field == 'why' or field == 'paused_why' then
      pace[field] = value
    elseif n and n > -2 ^ 53 and n <= latest then
      pace[field] = n
    end
  end
  if pace.paused then pace.paused = math.min(pace.paused, now) end
  if not (pace.low and pace.peak and pace.low >= 1 and pace.peak >= pace.low) then pace.limit = nil end
  if not pace.till or (pace.why ~= 'outage' and pace.why ~= 'key') then pace.open = nil end
  call.pace, call.stored_pace = pace, as_stored
  call.cap = policy.rate_per_s > 0 and policy.rate_per_s or math.huge
  return pace, call.cap
end

local function save_pace()
  local pace, stored_pace, set = call.pace, call.stored_pace, {}
  for field, value in pairs(pace) do
    if stored_pace[field] ~= value then
      set[#set + 1] = field
      set[#set + 1] = type(value) == 'number' and string.format('%.17g', value) or value
    end
  end
  if #set > 0 then redis.call('HSET', pace_key(), unpack(set)) end
  for field in pairs(stored_pace) do
    if pace[field] == nil then redis.call('HDEL', pace_key(), field) end
  end
end

-- What stands before the permit of a sync that is at work (claim.lua), and not before one of a doorbell (ring.lua).
local AT_WORK = '+'

local function limited() return law.limit(call.pace, call.cap) < math.huge end

-- Of a clock that was set back, nothing may stay for ever.
local function calls_in_window()
  local key = window_key()
  spared('ZREMRANGEBYSCORE', key, '-inf', now - WINDOW_MS)
  redis.call('ZREMRANGEBYSCORE', key, '(' .. now, '+inf')
  return redis.call('ZCARD', key)
end

-- How many calls a second may have: whole ones, of a rate of 1.5 one.
local function most_in_window() return math.floor(math.min(call.cap, math.ceil(law.limit(call.pace, call.cap)))) end

-- How many calls may be claimed now.
local function room()
  local pace, cap = call.pace, call.cap
  if pace.paused or law.held_ms(pace, now) > 0 then return 0 end
  if not limited() then return pace.open and 1 or math.huge end
  local most = most_in_window() - calls_in_window()
  most = math.floor(math.min(most, law.tokens(pace, cap, now)))
  return math.max(0, pace.open and math.min(1, most) or most)
end

local function spend(n)
  if n == 0 or not limited() then return end
  law.spend(call.pace, call.cap, now, n)
  local entries, key = {}, window_key()
  local before = redis.call('ZCARD', key)
  for i = 1, n do
    entries[2 * i - 1] = now
    entries[2 * i] = string.format('%.0f-%d', now, before + i)
  end
  redis.call('ZADD', key, unpack(entries))
  redis.call('PEXPIRE', key, 2 * WINDOW_MS)
end

local function room_wait_ms()
  if not limited() then return 0 end
  local pace, cap = call.pace, call.cap
  local wait_ms = law.token_wait_ms(pace, cap, now)
  if calls_in_window() >= most_in_window() then
    local oldest = redis.call('ZRANGE', window_key(), 0, 0, 'WITHSCORES')
    if oldest[2] then wait_ms = math.max(wait_ms, tonumber(oldest[2]) + WINDOW_MS - now) end
  end
  return wait_ms
end

-- How long until something may be claimed: 0 now, -1 nothing waits, or nothing may until somebody resumes.
local function claimable_in_ms()
  local first = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')
  if #first == 0 or call.pace.paused then return -1 end
  return math.max(0, tonumber(first[2]) - now, math.ceil(law.held_ms(call.pace, now)), room_wait_ms())
end
