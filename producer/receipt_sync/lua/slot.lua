-- What every script starts with: a slot's fields and the accounts; join, due and tokens follow (receipt_sync/scripts.py).
-- Keys and fields are listed in receipt_sync/keys.py. KEYS[1] is the prefix of one application's keys: all of them
-- carry its hash tag, so a cluster keeps them on one node. Time is Redis' time, in ms.

local prefix = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due_key, leases_key, counts_key = prefix .. ':due', prefix .. ':leases', prefix .. ':counts'

-- Asked before anything is written: what a script has written before it fails is not taken back. Without these keys
-- receipts would be stranded or uncounted, so nothing is done until somebody has mended them (docs/decisions/0011).
local function wrong_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then
    return redis.error_reply('BROKENKEY ' .. key .. ' should be a ' .. kind .. ', and is a ' .. found)
  end
end
do
  local broken = wrong_type(due_key, 'zset') or wrong_type(leases_key, 'zset') or wrong_type(counts_key, 'hash')
  if broken then return broken end
end

-- More names than this are not remembered: a slot's room must not grow with its receipts.
local NAMES_MAX = 8
local NAME_WIDTH = 25

local MARK = {'R', 'C', 'D', 'g', 's', 'a', 'q', 'y', 'w', 'u', 'k', 'z', 'wa', 'wb',
  'pt', 'pr', 'pd', 'pa', 'pb', 'pi', 'ft', 'fr', 'fd', 'fa', 'fb', 'fi', 'fk'}
local EDIT = {'R', 'C', 'D', 'g', 's', 'a', 'q', 'y', 'w', 'u', 'h', 'v', 'o', 'l', 'lx',
  'pt', 'pn', 'pv', 'px', 'pu', 'pk', 'ft', 'fn', 'fv', 'fx', 'fu', 'fk'}
-- Per flag: count, names and ids' letter of the pending half, of the half in flight, and the names covered for good.
local FLAGS = {
  r = {count = 'pr', names = 'pa', sent = 'fr', sent_names = 'fa', covered = 'wa'},
  d = {count = 'pd', names = 'pb', sent = 'fd', sent_names = 'fb', covered = 'wb'},
}

-- The policy that the workers publish; these hold until the first worker has started. `gather_edit_min_ms`,
-- `gather_edit_max_ms`, `gather_delivered_min_ms` and `gather_delivered_max_ms` may be missing (due.lua).
local policy = {gather_min_ms = 0, gather_max_ms = 2000, remember_ms = 86400000, give_up_ms = 86400000,
  lands_ms = 10000, token_life_ms = 7200000, token_wait_ms = 86400000, crashes_max = 5, rate_per_s = 72,
  retry_share = 0.2, breaker_calls_min = 20, dead_keep_ms = 2592000000, dead_keep_max = 100000}
local VERSION = 1
-- What no worker would publish (garbage, below zero, without end) counts for nothing.
local LEAST = {remember_ms = 1, token_life_ms = 1, crashes_max = 1, breaker_calls_min = 1, dead_keep_ms = 1,
  dead_keep_max = 1}
do
  local stored = redis.pcall('HGETALL', prefix .. ':policy')
  for i = 1, stored.err and 0 or #stored, 2 do
    local n = tonumber(stored[i + 1])
    if n and n >= (LEAST[stored[i]] or 0) and n < 2 ^ 53 then policy[stored[i]] = n end
  end
  if (policy.version or 1) > VERSION then
    return redis.error_reply('VERSION ' .. prefix .. ' is a ledger of version ' .. policy.version
      .. ', this program knows ' .. VERSION)
  end
end

-- The accounts ---------------------------------------------------------------------------------------------------

local counted = {}
local function count(name, n) counted[name] = (counted[name] or 0) + n end
local function write_counts()
  for name, n in pairs(counted) do
    if n ~= 0 then redis.call('HINCRBY', counts_key, name, n) end
  end
end

-- A slot's fields ------------------------------------------------------------------------------------------------

local opened = {}
local function is_edit(slot) return string.sub(slot, 1, 1) == 'e' end
local function ids_key(s, half) return s.key .. ':' .. half end
-- What no script wrote counts as 0: damage to one slot must not stop a script that serves them all.
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
  local s = opened[slot]
  if s then return s end
  local fields = is_edit(slot) and EDIT or MARK
  s = {slot = slot, key = prefix .. ':' .. slot, changed = {}}
  local values = redis.pcall('HMGET', s.key, unpack(fields))
  if values.err then return nil end
  for i, field in ipairs(fields) do s[field] = values[i] or nil end
  s.known = s.R ~= nil
  s.was_clean = not s.pt and not s.ft
  opened[slot] = s
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

local function recorded(s, n)
  tally(s, 'R', n)
  count('recorded', n)
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
  if not s.pt then put(s, 'pt', now) end
end
