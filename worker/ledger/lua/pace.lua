-- The pace of one application, shared by all workers: a token bucket and a hold. Put behind due.lua.
-- Over any second at most `rate_per_s` calls: the burst is paid for by a refill that is slower by burst - 1.

local pace_key = prefix .. ':pace'
local stored_pace = redis.call('HMGET', pace_key, 'tokens', 'at', 'hold', 'holds')
-- What no script wrote counts as nothing: garbage must neither hold an application for ever nor let it run freely.
local HOLD_FAR_MS = 2 * 86400000
local function bounded(value, least, most, otherwise)
  local n = tonumber(value or '')
  return n and n >= least and n <= most and n or otherwise
end
local hold_ms = math.max(0, bounded(stored_pace[3], 0, now + HOLD_FAR_MS, 0) - now)
local holds = bounded(stored_pace[4], 0, 2 ^ 53, 0)

-- A policy that is not whole must neither stop the bucket nor let it run backwards.
local burst = math.max(1, math.min(policy.burst, policy.rate_per_s))

-- What stands before the permit of a sync that is at work (claim.lua), and not before one of a doorbell (ring.lua).
local AT_WORK = '+'

local function limited() return policy.rate_per_s > 0 end
local function refill_per_ms() return (policy.rate_per_s - burst + 1) / 1000 end

local function tokens()
  if not limited() then return math.huge end
  local at = bounded(stored_pace[2], 0, now, 0)
  local left = bounded(stored_pace[1], -1, burst, burst)
  return math.max(0, math.min(burst, left + math.max(0, now - at) * refill_per_ms()))
end

local function spend(n)
  if limited() then redis.call('HSET', pace_key, 'tokens', tokens() - n, 'at', now) end
end

local function token_wait_ms(left)
  if left >= 1 then return 0 end
  return math.ceil((1 - left) / refill_per_ms())
end

-- How long until something may be claimed: 0 now, -1 nothing waits.
local function claimable_in_ms(left)
  local first = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')
  if #first == 0 then return -1 end
  return math.max(0, tonumber(first[2]) - now, hold_ms, token_wait_ms(left))
end
