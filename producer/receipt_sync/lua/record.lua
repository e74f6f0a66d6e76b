-- record: joins receipts into the pending halves of their slots.
-- KEYS[1]  prefix of the application's keys
-- ARGV     six strings per receipt: kind ('r' read, 'd' delivered, 'e' edit), slot, actor,
--          name (mark: the message that caused it, or '') or revision (edit),
--          message ids joined with ',' (mark: '' for the whole dialog) or text (edit), session token or ''
-- answers  {recorded, absorbed}: receipts counted, and those of them that need no PUT any more

-- A refused session's slot waits for another token of its actor: whoever brings one sets it going.
local function bring_token(s, field, token)
  if token == '' or s[field] == token then return end
  put(s, field, token)
  if s.u and s.pt and not s.ft then
    put(s, 'u', nil)
    schedule(s, now)
  end
end

-- The first receipt fixes when its slot is due; a more urgent kind that joins it may bring that forward.
local sooner = {}
local function hurry(s, letter)
  if not URGENT[letter] or number(s, FLAGS[letter].count) > 0 then return end
  local asked = asked_ms(s, letter, now)
  sooner[s.slot] = math.min(sooner[s.slot] or asked, asked)
end

local function record_all(s, letter, name)
  recorded(s, 1)
  if name ~= '' and has(s[FLAGS[letter].covered], name) then return absorbed(s, 1) end
  waits(s, 1)
  hurry(s, letter)
  join_all(s, letter, 1, name)
end

local function record_id(s, letter, id)
  recorded(s, 1)
  if has(s[FLAGS[letter].covered], id) then return absorbed(s, 1) end
  waits(s, 1)
  hurry(s, letter)
  join_id(s, letter, 1, id)
end

local function record_mark(s, letter, name, ids, token)
  if ids == '' then
    record_all(s, letter, name)
  else
    each_name(ids, function(id) record_id(s, letter, id) end)
  end
  if s.pt then bring_token(s, 'k', token) end
end

-- What the API holds is known only while nothing has been claimed since the last accepted edit: `h` stands for that.
local function is_stored_text(s) return s.h and not s.ft and s.px and redis.sha1hex(s.px) == s.h end

-- Slots that had nothing pending, at the start or in between: the first receipt that waits fixes when they are due.
local fresh = {}

local function drop_pending_edit(s)
  local n = number(s, 'pn')
  absorbed(s, n)
  count('pending', -n)
  if number(s, 'pv') > number(s, 'v') then put(s, 'v', s.pv) end
  for _, field in ipairs({'pt', 'pn', 'pv', 'px', 'pu', 'pk', 'a', 'q', 'w', 'u'}) do put(s, field, nil) end
  redis.call('ZREM', due_key, s.slot)
  fresh[s.slot] = s
end

local function record_edit(s, actor, revision, text, token)
  recorded(s, 1)
  if s.v and tonumber(revision) < number(s, 'v') then return absorbed(s, 1) end
  local old_token = s.pk
  waits(s, 1)
  join_edit(s, {n = 1, revision = revision, text = text, actor = actor, token = token}, true)
  if s.u and not s.ft and s.pk ~= old_token then
    put(s, 'u', nil)
    schedule(s, now)
  end
  if is_stored_text(s) then drop_pending_edit(s) end
end

-- Asked before anything is written: what a script has written before it fails is not taken back.
local function takes_ids(s, listed)
  if is_edit(s.slot) or listed == '' and not s.pi then return true end
  local kind = redis.call('TYPE', ids_key(s, 'p')).ok
  return kind == 'hash' or kind == 'none'
end

for i = 1, #ARGV, 6 do
  local s = open(ARGV[i + 1])
  if not s then return redis.error_reply('LEDGER ' .. prefix .. ':' .. ARGV[i + 1] .. ' should be a slot (a hash)') end
  if not takes_ids(s, ARGV[i + 4]) then
    return redis.error_reply('LEDGER ' .. ids_key(s, 'p') .. ' should be the ids of a slot (a hash)')
  end
  if not s.pt then fresh[s.slot] = s end
end
for i = 1, #ARGV, 6 do
  local s = open(ARGV[i + 1])
  if ARGV[i] == 'e' then
    record_edit(s, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  else
    record_mark(s, ARGV[i], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  end
end
for _, s in pairs(fresh) do
  if s.pt and not s.ft then schedule(s, gather_due(s)) end
end
for slot, due_ms in pairs(sooner) do
  local s = opened[slot]
  -- One that backs off, or waits for a token, waits for that.
  if not fresh[slot] and not (s.ft or s.a or s.q or s.u) then advance(s, due_ms) end
end
finish()
return {counted.recorded or 0, counted.absorbed or 0}
