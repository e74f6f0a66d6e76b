-- What ends a flight: the in-flight half lands, or is joined back. Shared by claim, settle and reap; put
-- behind due.lua (worker/ledger/functions.py).

local HALVES = {
  p = {t = 'pt', r = 'pr', d = 'pd', r_names = 'pa', d_names = 'pb', ids = 'pi',
    n = 'pn', v = 'pv', x = 'px', u = 'pu', k = 'pk', j = 'pj'},
  f = {t = 'ft', r = 'fr', d = 'fd', r_names = 'fa', d_names = 'fb', ids = 'fi',
    n = 'fn', v = 'fv', x = 'fx', u = 'fu', k = 'fk', j = 'fj'},
}
local MARK_HALF = {'t', 'r', 'd', 'r_names', 'd_names', 'ids', 'j'}
local EDIT_HALF = {'t', 'n', 'v', 'x', 'u', 'k', 'j'}

-- A key that holds something else, or nothing, must neither be sent nor stop the others: it is set aside by name.
local function set_aside(slot, why)
  redis.call('ZREM', due_key, slot)
  redis.call('ZREM', leases_key, slot)
  tell_broken(slot, why)
end

local function ids_of(s, half)
  if not s[HALVES[half].ids] then return {} end
  return redis.call('HGETALL', ids_key(s, half))
end

-- Ids that another hand has damaged can be neither sent nor joined.
local function is_sound(s)
  for _, half in ipairs({'p', 'f'}) do
    local field = HALVES[half].ids
    local counts = s[field] and redis.pcall('HVALS', ids_key(s, half)) or {}
    if counts.err then return false end
    for _, n in ipairs(counts) do
      if not string.find(n, '^%d+$') then return false end
    end
    if s[field] and #counts == 0 then put(s, field, nil) end
  end
  return true
end

local function held(s, half)
  local fields = HALVES[half]
  if is_edit(s.slot) then return number(s, fields.n) end
  local n = number(s, fields.r) + number(s, fields.d)
  local ids = ids_of(s, half)
  for i = 2, #ids, 2 do n = n + whole(ids[i]) end
  return n
end

local function clear(s, half)
  for _, part in ipairs(is_edit(s.slot) and EDIT_HALF or MARK_HALF) do
    local field = HALVES[half][part]
    if s[field] ~= nil then put(s, field, nil) end
  end
end

local function land(s)
  if s.fi then redis.call('DEL', ids_key(s, 'f')) end
  clear(s, 'f')
  if s.fk then put(s, 'fk', nil) end
  redis.call('ZREM', leases_key, s.slot)
end

-- Marks of the whole dialog, with all the names that caused them.
local function join_whole(s, letter, n, names)
  local flag = FLAGS[letter]
  if string.sub(names or '*', 1, 1) == '*' then join_all(s, letter, 0, '') end
  each_name(names, function(id) join_all(s, letter, 0, id) end)
  tally(s, flag.count, n)
  absorb_ids(s, letter, flag)
end

-- Joined back *under* pending: what arrived during the flight is newer and stays on top.
local function join_back_mark(s)
  for letter, flag in pairs(FLAGS) do
    local n = number(s, flag.sent)
    if n > 0 then join_whole(s, letter, n, s[flag.sent_names]) end
  end
  local ids = ids_of(s, 'f')
  for i = 1, #ids, 2 do
    join_id(s, string.sub(ids[i], 1, 1), whole(ids[i + 1]), string.sub(ids[i], 2))
  end
end

local function join_back(s)
  local n, first = held(s, 'f'), s.ft
  count('in_flight', -n)
  count('pending', n)
  if is_edit(s.slot) then
    join_edit(s, {n = n, revision = s.fv, text = s.fx, actor = s.fu, token = s.fk}, false)
  else
    join_back_mark(s)
  end
  if s.fj then trace_back(s) end
  land(s)
  put(s, 'pt', first)
end

-- A PUT that nobody saw the end of: for so long its text may still appear at the API (docs/decisions/0013).
local function doubt(s)
  if not is_edit(s.slot) or policy.lands_ms <= 0 then return end
  put(s, 'l', now + math.floor(policy.lands_ms))
  put(s, 'lx', redis.sha1hex(s.fx or ''))
end

local function forget_doubt(s)
  put(s, 'l', nil)
  put(s, 'lx', nil)
end

local function forget_failures(s)
  for _, field in ipairs({'a', 'q', 'y', 'w', 'u'}) do
    if s[field] ~= nil then put(s, field, nil) end
  end
end

local function are_covered(s, flag, names)
  local all = string.sub(names, 1, 1) ~= '*'
  each_name(names, function(id) all = all and has(s[flag.covered], id) end)
  return all
end

-- What the PUT just accepted has made needless among the newcomers: marks that name only covered messages, edits
-- that are older than what was sent or say the same.
local function drop_covered_marks(s)
  for _, flag in pairs(FLAGS) do
    local n = number(s, flag.count)
    if n > 0 and are_covered(s, flag, s[flag.names] or '*') then
      absorbed(s, n)
      count('pending', -n)
      put(s, flag.count, nil)
      put(s, flag.names, nil)
    end
  end
  if number(s, 'pr') + number(s, 'pd') == 0 and not s.pi then clear(s, 'p') end
end

local function drop_covered_edit(s)
  local mine, sent = number(s, 'pv'), number(s, 'v')
  if mine < sent or (s.h and redis.sha1hex(s.px or '') == s.h) then
    local n = number(s, 'pn')
    absorbed(s, n)
    count('pending', -n)
    if mine > sent then put(s, 'v', s.pv) end
    clear(s, 'p')
  end
end

-- The end of a claim of which `rest` says whether something claimed has not been sent yet.
local function close(s, accepted)
  forget_failures(s)
  if s.pt and accepted then
    if is_edit(s.slot) then drop_covered_edit(s) else drop_covered_marks(s) end
  end
  if held(s, 'f') > 0 then
    join_back(s)
    return schedule(s, now)
  end
  land(s)
  if s.pt then return schedule(s, gather_due(s)) end
  -- A token is kept no longer than something waits to be sent with it.
  for _, field in ipairs({'k', 'kt', 'z'}) do
    if s[field] ~= nil then put(s, field, nil) end
  end
end
