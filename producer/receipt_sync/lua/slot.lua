-- What every function of the ledger stands on: how a call begins, a slot's fields and the accounts; join, traces, due and
-- tokens follow (receipt_sync/functions.py). Keys and fields are listed in receipt_sync/keys.py. A call's first key is the prefix
-- of one application's keys: all of them carry its hash tag, so a cluster keeps them on one node. Time is Redis' time, in ms.

-- What belongs to one call. A library lives on between calls: `begin` alone sets these, all of them and each time, so
-- that nothing of one application is seen by the next. What the parts remember within a call stands in `call`.
local prefix, now, due_key, leases_key, counts_key, policy, call

-- Asked before anything is written: what a call has written before it fails is not taken back. Without these keys
-- receipts would be stranded or uncounted, so nothing is done until somebody has mended them (docs/decisions/0011).
local function wrong_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then
    return redis.error_reply('BROKENKEY ' .. key .. ' should be a ' .. kind .. ', and is a ' .. found)
  end
end
-- More names than this are not remembered: a slot's room must not grow with its receipts.
local NAMES_MAX = 8
local NAME_WIDTH = 25

-- Per flag: count, names and ids' letter of the pending half, of the half in flight, and the names covered for good.
local FLAGS = {
  r = {count = 'pr', names = 'pa', sent = 'fr', sent_names = 'fa', covered = 'wa'},
  d = {count = 'pd', names = 'pb', sent = 'fd', sent_names = 'fb', covered = 'wb'},
}

-- The policy that the workers publish; these hold until the first worker has started. `gather_edit_min_ms`,
-- `gather_edit_max_ms`, `gather_delivered_min_ms` and `gather_delivered_max_ms` may be missing (due.lua).
local POLICY = {gather_min_ms = 0, gather_max_ms = 2000, remember_ms = 86400000, give_up_ms = 86400000,
  lands_ms = 10000, token_life_ms = 7200000, token_wait_ms = 86400000, crashes_max = 5, rate_per_s = 72,
  retry_share = 0.2, breaker_calls_min = 20, dead_keep_ms = 2592000000, dead_keep_max = 100000,
  notices_max = 0}
local VERSION = 1
-- What no worker would publish (garbage, below zero, without end) counts for nothing.
local LEAST = {remember_ms = 1, token_life_ms = 1, crashes_max = 1, breaker_calls_min = 1, dead_keep_ms = 1,
  dead_keep_max = 1}
local UNPUBLISHED = {__index = POLICY}
local function read_policy(stored)
  local read = setmetatable({}, UNPUBLISHED)
  for i = 1, #stored, 2 do
    local n = tonumber(stored[i + 1])
    if n and n >= (LEAST[stored[i]] or 0) and n < 2 ^ 53 then read[stored[i]] = n end
  end
  return read
end

-- Reading it takes longer than all else that a call begins with, and it hardly ever changes: what the last call has read
-- holds as long as what is stored is the same, field by field.
local last_stored, last_read = {}, nil
local function published_policy()
  local stored = redis.pcall('HGETALL', prefix .. ':policy')
  if stored.err then stored = {} end
  local same = last_read and #stored == #last_stored
  for i = 1, same and #stored or 0 do same = same and stored[i] == last_stored[i] end
  if not same then last_stored, last_read = stored, read_policy(stored) end
  return last_read
end

-- Answers an error where nothing may be done.
local function begin(key)
  prefix = key
  local clock = redis.call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  due_key, leases_key, counts_key = prefix .. ':due', prefix .. ':leases', prefix .. ':counts'
  call = {opened = {}, counted = {}, scheduled = {}, hints = {}, newest = {}}
  policy = published_policy()
  local broken = wrong_type(due_key, 'zset') or wrong_type(leases_key, 'zset') or wrong_type(counts_key, 'hash')
  if broken then return broken end
  if (policy.version or 1) > VERSION then
    return redis.error_reply('VERSION ' .. prefix .. ' is a ledger of version ' .. policy.version
      .. ', this program knows ' .. VERSION)
  end
end

-- The accounts ---------------------------------------------------------------------------------------------------

local function count(name, n) call.counted[name] = (call.counted[name] or 0) + n end
-- What was written before is not taken back, so a count that another hand has spoiled must not fail: it begins anew.
local function begin_anew(name, n, why)
  redis.call('HSET', counts_key, name, n)
  redis.pcall('HSET', prefix .. ':broken', 'counts.' .. name, 'begun anew: ' .. why)
end
local function write_counts()
  for name, n in pairs(call.counted) do
    if n ~= 0 then
      local answer = redis.pcall('HINCRBY', counts_key, name, n)
      if type(answer) == 'table' then begin_anew(name, n, answer.err) end
    end
  end
end

-- A slot's fields ------------------------------------------------------------------------------------------------

local function is_edit(slot) return string.sub(slot, 1, 1) == 'e' end
local function ids_key(s, half) return s.key .. ':' .. half end
-- What no function wrote counts as 0: damage to one slot must not stop a call that serves them all.
local function whole(value)
  local n = tonumber(value or 0) or 0
  return n >= 0 and n < 2 ^ 53 and math.floor(n) or 0
end
local function number(s, field) return whole(s[field]) end

local function put(s, field, value)
  s[field] = value
  s.changed[field] = true
end
local function add(s, field, n) put(s, field, number(s, field) + n) end
-- Receipts are counted in eight digits from the first: a thousand must not take a byte more than ten.
local function tally(s, field, n) put(s, field, string.format('%08d', number(s, field) + n)) end

-- Answers nil where the key holds something else: the caller says what becomes of that.
local function open(slot)
  local s = call.opened[slot]
  if s then return s end
  s = {}
  local key = prefix .. ':' .. slot
  local stored = redis.pcall('HGETALL', key)
  if stored.err then return nil end
  for i = 1, #stored, 2 do s[stored[i]] = stored[i + 1] end
  s.slot, s.key, s.changed, s.known = slot, key, {}, s.R ~= nil
  s.was_clean = not s.pt and not s.ft
  call.opened[slot] = s
  return s
end

-- An edit that is dead may be replayed as long as its letter is kept: until then its slot knows what was sent since.
local function remember_ms(s)
  if is_edit(s.slot) and number(s, 'D') > 0 then return math.max(policy.remember_ms, policy.dead_keep_ms) end
  return policy.remember_ms
end

local function write(s)
  local set, unset = {}, {}
  for field in pairs(s.changed) do
    if s[field] == nil then
      unset[#unset + 1] = field
    else
      set[#set + 1] = field
      set[#set + 1] = s[field]
    end
  end
  if #set > 0 then redis.call('HSET', s.key, unpack(set)) end
  if #unset > 0 then redis.call('HDEL', s.key, unpack(unset)) end
  local clean = not s.pt and not s.ft
  if clean then
    redis.call('PEXPIRE', s.key, math.floor(remember_ms(s)))
  elseif s.was_clean and s.known then
    redis.call('PERSIST', s.key)
  end
  s.changed, s.known, s.was_clean = {}, true, clean
end

local RECORDED = {r = 'recorded_read', d = 'recorded_delivered', e = 'recorded_edit'}
local function recorded(s, kind)
  tally(s, 'R', 1)
  count('recorded', 1)
  count(RECORDED[kind], 1)
end
local function covered(s, n)
  tally(s, 'C', n)
  count('covered', n)
end
local function absorbed(s, n)
  covered(s, n)
  count('absorbed', n)
end
local function waits(s, n)
  count('pending', n)
  -- All but the one that opens the half need no PUT of their own.
  count('joined', s.pt and n or n - 1)
  if not s.pt then put(s, 'pt', now) end
end
