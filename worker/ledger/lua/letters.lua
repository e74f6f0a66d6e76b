-- Dead letters: how they are stored, how long they are kept, what is counted when one goes (docs/decisions/0017). Put
-- before whatever buries, expires, drops or replays (worker/ledger/functions.py).

local function dead_key() return prefix .. ':dead' end

local function fields_of(entry)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end

-- Nil where there is none of this id.
local function letter_of(id)
  local entry = spared('XRANGE', dead_key(), id, id)[1]
  return entry and fields_of(entry)
end

-- By its own word; one that no function wrote, by its id.
local function died_ms(id, fields)
  local said = tonumber(fields.dead_ms or '')
  if said and said > 0 and said <= now then return said end
  return tonumber(string.match(id, '^%d+'))
end

local function remove_letter(id, fields, counted_as)
  redis.call('XDEL', dead_key(), id)
  count(counted_as, whole(fields.receipts))
end

-- The oldest letters, at most so many, beyond the number or the age that is kept; answers how many went. One by one:
-- each must be read to be counted, and may be large.
local function expire_letters(most)
  local over, oldest_ms = spared('XLEN', dead_key()) - policy.dead_keep_max, now - policy.dead_keep_ms
  for gone = 0, most - 1 do
    local entry = redis.call('XRANGE', dead_key(), '-', '+', 'COUNT', 1)[1]
    local fields = entry and fields_of(entry)
    if not entry or over <= gone and died_ms(entry[1], fields) > oldest_ms then return gone end
    remove_letter(entry[1], fields, 'expired')
  end
  return most
end

-- Each letter brings one more than is kept at most; the others are those that grow old.
local EXPIRED_PER_LETTER = 4

-- Answers the entry's id.
local function append(key, ...)
  spared('XLEN', key)
  local stored = redis.pcall('XADD', key, '*', ...)
  if type(stored) ~= 'table' then return stored end
  -- Another hand has written the last id that there can be.
  set_key_aside(key, stored.err)
  return redis.call('XADD', key, '*', ...)
end

-- Answers the letter's id.
local function store_letter(...)
  local id = append(dead_key(), ...)
  expire_letters(EXPIRED_PER_LETTER)
  return id
end
