-- What record, claim, settle and reap share: a slot's fields, the join, the accounts. It is put in front of each of
-- them (receipt_sync/scripts.py); Python says the same join in receipt_sync/join.py, and tests compare the two.
-- Keys and fields are listed in receipt_sync/keys.py. KEYS[1] is the prefix of one application's keys: all of them
-- carry its hash tag, so a cluster keeps them on one node. Time is Redis' time, in ms.

local prefix = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due_key, leases_key = prefix .. ':due', prefix .. ':leases'

-- More names than this are not remembered: a slot's room must not grow with its receipts.
local NAMES_MAX = 8
local NAME_WIDTH = 25

local MARK = {'R', 'C', 'D', 'g', 's', 'a', 'y', 'w', 'u', 'k', 'z', 'wa', 'wb',
  'pt', 'pr', 'pd', 'pa', 'pb', 'pi', 'ft', 'fr', 'fd', 'fa', 'fb', 'fi', 'fk'}
local EDIT = {'R', 'C', 'D', 'g', 's', 'a', 'y', 'w', 'u', 'h', 'v',
  'pt', 'pn', 'pv', 'px', 'pu', 'pk', 'ft', 'fn', 'fv', 'fx', 'fu', 'fk'}
-- Per flag: count, names and ids' letter of the pending half, of the half in flight, and the names covered for good.
local FLAGS = {
  r = {count = 'pr', names = 'pa', sent = 'fr', sent_names = 'fa', covered = 'wa'},
  d = {count = 'pd', names = 'pb', sent = 'fd', sent_names = 'fb', covered = 'wb'},
}

-- The policy that the workers publish; these hold until the first worker has started.
local policy = {gather_min_ms = 0, gather_max_ms = 2000, remember_ms = 86400000, give_up_ms = 86400000,
  crashes_max = 5, rate_per_s = 72, burst = 3.6}
do
  local stored = redis.call('HGETALL', prefix .. ':policy')
  for i = 1, #stored, 2 do policy[stored[i]] = tonumber(stored[i + 1]) or policy[stored[i]] end
end

-- The accounts ---------------------------------------------------------------------------------------------------

local counted = {}
local function count(name, n) counted[name] = (counted[name] or 0) + n end
local function write_counts()
  for name, n in pairs(counted) do
    if n ~= 0 then redis.call('HINCRBY', prefix .. ':counts', name, n) end
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
    redis.call('PEXPIRE', s.key, math.floor(policy.remember_ms))
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

-- Names: the messages that caused marks of the whole dialog. ',id,id'; a leading '*' says that the PUT is owed
-- whatever the names say: a mark without a name, or one whose name found no room.

local function has(names, id) return names ~= nil and string.find(names, ',' .. id, 1, true) ~= nil end

local function without_smallest(names)
  local smallest, at
  for i = 1, #names, NAME_WIDTH do
    local id = string.sub(names, i, i + NAME_WIDTH - 1)
    if not smallest or id < smallest then smallest, at = id, i end
  end
  return string.sub(names, 1, at - 1) .. string.sub(names, at + NAME_WIDTH)
end

-- Which names stay must not hang on the order of arrival, or the join would not be commutative: the greatest do.
local function with_name(names, id)
  names = names or ''
  if id == '' then return string.sub(names, 1, 1) == '*' and names or '*' .. names end
  if has(names, id) then return names end
  local owed, list = '', names .. ',' .. id
  if string.sub(list, 1, 1) == '*' then owed, list = '*', string.sub(list, 2) end
  if #list > NAMES_MAX * NAME_WIDTH then owed, list = '*', without_smallest(list) end
  return owed .. list
end

local function each_name(names, visit)
  for id in string.gmatch(names or '', '%x+') do visit(id) end
end

-- What is covered for good is a memory, not part of the join: the latest names stay.
local function remember(s, flag, id)
  local names = s[flag.covered] or ''
  if has(names, id) then return end
  names = names .. ',' .. id
  if #names > NAMES_MAX * NAME_WIDTH then names = string.sub(names, NAME_WIDTH + 1) end
  put(s, flag.covered, names)
end

-- The join of marks ----------------------------------------------------------------------------------------------

local function add_all(s, flag, n, id)
  tally(s, flag.count, n)
  put(s, flag.names, with_name(s[flag.names], id))
end

-- A mark of the whole dialog absorbs the marks of single messages; each absorbed id names it.
local function absorb_ids(s, letter, flag)
  if not s.pi then return end
  local ids = redis.call('HGETALL', ids_key(s, 'p'))
  local left = #ids / 2
  for i = 1, #ids, 2 do
    if string.sub(ids[i], 1, 1) == letter then
      add_all(s, flag, whole(ids[i + 1]), string.sub(ids[i], 2))
      redis.call('HDEL', ids_key(s, 'p'), ids[i])
      left = left - 1
    end
  end
  if left == 0 then put(s, 'pi', nil) end
end

local function join_all(s, letter, n, id)
  local flag = FLAGS[letter]
  local first = number(s, flag.count) == 0
  add_all(s, flag, n, id)
  if first then absorb_ids(s, letter, flag) end
end

local function join_id(s, letter, n, id)
  local flag = FLAGS[letter]
  if number(s, flag.count) > 0 then return add_all(s, flag, n, id) end
  redis.call('HINCRBY', ids_key(s, 'p'), letter .. id, n)
  put(s, 'pi', 1)
end

-- The join of edits: the highest (revision, arrival) wins. `later` says that this one arrived after the pending one.
-- Of one actor's tokens the later stays, even where its edit does not win.
local function join_edit(s, e, later)
  local mine, other = whole(e.revision), number(s, 'pv')
  local wins, same_actor = not s.pv or mine > other or (mine == other and later), s.pu == e.actor
  tally(s, 'pn', e.n)
  if wins and not same_actor or later and same_actor then put(s, 'pk', e.token) end
  if wins then
    put(s, 'pv', e.revision)
    put(s, 'px', e.text)
    put(s, 'pu', e.actor)
  end
end

-- When a slot is due ---------------------------------------------------------------------------------------------

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

-- The earliest slot's due time, sent to the workers when it comes before their next tick.
local TICK_MS = 1000
local soonest, soonest_slot
local function schedule(s, due_ms)
  redis.call('ZADD', due_key, due_ms, s.slot)
  if not soonest or due_ms < soonest then soonest, soonest_slot = due_ms, s.slot end
end
local function wake()
  if not soonest or soonest > now + TICK_MS then return end
  if redis.call('ZRANGE', due_key, 0, 0)[1] ~= soonest_slot then return end
  redis.call('PUBLISH', prefix .. ':wake', math.max(0, soonest - now))
end

local function finish()
  for _, s in pairs(opened) do
    if next(s.changed) then write(s) end
  end
  write_counts()
  wake()
end
