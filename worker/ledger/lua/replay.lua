-- replay: the receipts of a dead letter are joined into their slot as if they were recorded now, and the letter is gone:
-- one step. What is in it has been read and checked by worker/ledger/replaying.py; a letter never changes.
-- ARGV     letter's id, slot; of a mark slot then four strings per part: flag's letter, message id ('' for the whole
--          dialog), receipts, names (',id,id', '*' in front: owed whatever they say); of an edit slot receipts,
--          revision, text, actor. A session token is not among them: letters hold none
-- answers  {1, 0 or 2: replayed, there was no such letter, or its slot has forgotten and it stays; receipts that need no
--          PUT any more}

-- Leaves the dead. Receipts that its slot or the totals do not know as dead are recorded now: those of a slot that was
-- forgotten, messages that a refused call listed beyond the first, a letter from another hand.
local function revive(s, n, fields)
  local of_slot = fields.slot == s.slot and math.min(n, number(s, 'D')) or 0
  if of_slot > 0 then tally(s, 'D', -of_slot) end
  if n > of_slot then tally(s, 'R', n - of_slot) end
  local of_total = math.min(n, whole(fields.receipts), whole(redis.call('HGET', counts_key, 'dead')))
  count('dead', -of_total)
  count('replayed', of_total)
  count('recorded', n - of_total)
end

-- A more urgent kind brings forward what waits; what backs off, or waits for a token, waits for that.
local function hurry(s, letter)
  if urgent()[letter] and not (s.ft or s.a or s.q or s.u) then advance(s, asked_ms(s, letter, now)) end
end

local function replay_mark(s, letter, id, n, names)
  local covered_names = s[FLAGS[letter].covered]
  if id ~= '' then
    if has(covered_names, id) then return absorbed(s, n) end
    waits(s, n)
    hurry(s, letter)
    return join_id(s, letter, n, id)
  end
  if are_covered(s, FLAGS[letter], names) then return absorbed(s, n) end
  waits(s, n)
  hurry(s, letter)
  join_whole(s, letter, n, names)
end

-- It was recorded before anything that its slot holds now, and goes under it: also under what is in flight, whose PUT is
-- sent after it was recorded and says something newer. Of equal revisions what was sent since is newer, too.
local function replay_edit(s, n, revision, text, actor)
  local mine, sent = tonumber(revision), number(s, 'v')
  if s.v and (mine < sent or mine == sent and number(s, 'o') ~= sent) then return absorbed(s, n) end
  if s.ft and mine <= number(s, 'fv') then
    count('in_flight', n)
    return tally(s, 'fn', n)
  end
  local old_actor = s.pu
  waits(s, n)
  join_edit(s, {n = n, revision = revision, text = text, actor = actor, token = ''}, false)
  -- Another's edit has won: it does not wait for that actor's token.
  if s.u and old_actor and s.pu ~= old_actor then
    stop_waiting(s, old_actor)
    if not s.ft then schedule(s, number(s, 'pt')) end
  end
  if not s.ft then drop_covered_edit(s) end
  if not s.pt then
    if s.u and old_actor then stop_waiting(s, old_actor) end
    redis.call('ZREM', due_key, s.slot)
  end
end

-- An edit that is older than its slot's memory, and meets none: what was sent since may be newer. The slot of an edit's
-- own letter remembers since before it died as long as it counts it; a refused call has left nothing in a slot.
local function has_forgotten(s, id, fields)
  if s.v or fields.slot == s.slot and number(s, 'D') > 0 then return false end
  return now - died_ms(id, fields) >= policy.remember_ms
end

local id, slot = ARGV[1], ARGV[2]
local fields = letter_of(id)
if not fields then return {0, 0} end
local s = open(slot)
if not s or not is_sound(s) then
  return redis.error_reply('LEDGER ' .. prefix .. ':' .. slot .. ' should be a slot (a hash), and its ids whole')
end
for i = 3, is_edit(slot) and 2 or #ARGV, 4 do
  if not takes_ids(s, ARGV[i + 1]) then return no_ids(s) end
end
if is_edit(slot) and has_forgotten(s, id, fields) then return {2, 0} end
local waited = s.pt
if is_edit(slot) then
  revive(s, tonumber(ARGV[3]), fields)
  replay_edit(s, tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6])
else
  local n = 0
  for i = 3, #ARGV, 4 do n = n + tonumber(ARGV[i + 2]) end
  revive(s, n, fields)
  for i = 3, #ARGV, 4 do replay_mark(s, ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]) end
end
if s.pt and not waited and not s.ft then schedule(s, gather_due(s)) end
finish()
-- Last: should anything above fail, its receipts are joined twice, which does no harm, instead of lost.
redis.call('XDEL', dead_key(), id)
return {1, call.counted.absorbed or 0}
