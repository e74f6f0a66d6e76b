-- Taking out of a flight what one PUT carried, or all of it: to be counted as covered, or to stand among the dead
-- letters. Shared by settle and reap; put behind notices.lua (worker/ledger/functions.py).

-- A dead letter holds what is needed to send it again, and never a token. `taken` = {n, fields…}.
local function bury(s, taken, why)
  local n = taken.n
  tally(s, 'D', n)
  count('dead', n)
  count('in_flight', -n)
  local letter = store_letter('slot', s.slot, 'receipts', n, 'reason', why.reason,
    'status', why.status or '', 'words', why.words or '', 'request_id', why.request_id or '',
    'attempts', number(s, 'a') + 1, 'crashes', number(s, 'y'), 'recorded_ms', s.ft, 'dead_ms', now, unpack(taken.fields))
  notify_dead(s, n, why, letter, taken.fields)
end

local function take_edit(s)
  local taken = {n = number(s, 'fn'), fields = {'revision', s.fv or '', 'text', s.fx or '', 'actor', s.fu or ''}}
  put(s, 'fn', nil)
  -- Of equal revisions the later wins: replayed, this one must be told from one that came before what was sent.
  if s.v and number(s, 'fv') == number(s, 'v') then put(s, 'o', s.fv) end
  return taken
end

local function take_all(s, letter, taken)
  local flag = FLAGS[letter]
  local n = number(s, flag.sent)
  if n == 0 then return end
  taken.n = taken.n + n
  taken.fields[#taken.fields + 1] = letter == 'r' and 'read' or 'delivered'
  taken.fields[#taken.fields + 1] = n
  taken.fields[#taken.fields + 1] = letter == 'r' and 'read_names' or 'delivered_names'
  taken.fields[#taken.fields + 1] = s[flag.sent_names] or ''
  put(s, flag.sent, nil)
  put(s, flag.sent_names, nil)
end

local function take_id(s, letter, id, into)
  local member = letter .. id
  local n = whole(redis.call('HGET', ids_key(s, 'f'), member))
  if n == 0 then return 0 end
  redis.call('HDEL', ids_key(s, 'f'), member)
  into[letter] = (into[letter] and into[letter] .. ',' or '') .. id
  return n
end

-- Takes out of the flight what one PUT carried: the whole dialog for some flags, or ids; nil ids and letters: all.
local function take_marks(s, letters, ids)
  local taken, listed = {n = 0, fields = {}}, {}
  for letter in string.gmatch(letters or 'rd', '%a') do
    if not ids or ids == '' then take_all(s, letter, taken) end
    if ids then each_name(ids, function(id) taken.n = taken.n + take_id(s, letter, id, listed) end) end
  end
  if not ids then
    local members = ids_of(s, 'f')
    for i = 1, #members, 2 do
      taken.n = taken.n + take_id(s, string.sub(members[i], 1, 1), string.sub(members[i], 2), listed)
    end
  end
  for letter, name in pairs({r = 'read_ids', d = 'delivered_ids'}) do
    taken.fields[#taken.fields + 1] = name
    taken.fields[#taken.fields + 1] = listed[letter] or ''
  end
  return taken
end

local function take(s, letters, ids)
  if is_edit(s.slot) then return take_edit(s) end
  return take_marks(s, letters, ids)
end
