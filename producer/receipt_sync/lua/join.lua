-- The join: how receipts combine in a slot's pending half. Put behind slot.lua. Python says the same in
-- receipt_sync/join.py, and one table of cases drives both (tests/unit/receipt_sync/join_cases.py).

-- Names: the messages that caused marks of the whole dialog. ',id,id'; a leading '*' says that the PUT is owed
-- whatever the names say: a mark without a name, or one whose name found no room.

local function has(names, id) return names ~= nil and string.find(names, ',' .. id, 1, true) ~= nil end

-- Which names stay must not hang on the order of arrival, or the join would not be commutative: the greatest do. They
-- stand in order; a new one is mostly the greatest, and found to be so at once.
local function with_name(names, id)
  names = names or ''
  if id == '' then return string.sub(names, 1, 1) == '*' and names or '*' .. names end
  if has(names, id) then return names end
  local owed, list = '', names
  if string.sub(list, 1, 1) == '*' then owed, list = '*', string.sub(list, 2) end
  local at = #list
  while at > 0 and string.sub(list, at - NAME_WIDTH + 2, at) > id do at = at - NAME_WIDTH end
  list = string.sub(list, 1, at) .. ',' .. id .. string.sub(list, at + 1)
  if #list > NAMES_MAX * NAME_WIDTH then owed, list = '*', string.sub(list, NAME_WIDTH + 1) end
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

-- Asked before anything is written: what a call has written before it fails is not taken back.
local function takes_ids(s, listed)
  if is_edit(s.slot) or listed == '' and not s.pi then return true end
  local kind = redis.call('TYPE', ids_key(s, 'p')).ok
  return kind == 'hash' or kind == 'none'
end

local function no_ids(s)
  return redis.error_reply('LEDGER ' .. ids_key(s, 'p') .. ' should be the ids of a slot (a hash)')
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
