-- record: joins receipts into the pending halves of their slots.
-- ARGV     six strings per receipt: kind ('r' read, 'd' delivered, 'e' edit), slot, actor,
--          name (mark: the message that caused it, or '') or revision (edit),
--          message ids joined with ',' (mark: '' for the whole dialog) or text (edit), session token or '';
--          behind them all, where there is one, the trace that the call belongs to (traces.lua)
-- answers  {recorded, absorbed}: receipts counted, and those of them that need no PUT any more

local FIELDS = 6
local last = #ARGV - #ARGV % FIELDS
local trace = ARGV[last + 1]

-- Session tokens that came, by actor and in order, and the slots that they came in.
local brought = {}
local function bring(s, actor, token)
  if token == '' then return end
  local came = brought[actor] or {tokens = {}, slots = {}}
  if came.tokens[#came.tokens] ~= token then came.tokens[#came.tokens + 1] = token end
  came.slots[s] = true
  brought[actor] = came
end

-- The newest that the API has not refused is the actor's from now on, and ends the wait of all its slots. A slot that
-- waits and stands in no list any more is woken by what comes for itself.
local function take_over(actor, came)
  for i = #came.tokens, 1, -1 do
    local token = came.tokens[i]
    if not is_refused(actor, token) then
      redis.call('SET', newest_key(actor), token, 'PX', math.floor(policy.token_life_ms))
      for s in pairs(came.slots) do
        if actor_of(s) == actor then set_going(s) end
      end
      if hints_of(actor).waits then wake_waiting(actor) end
      return
    end
  end
end

-- The first receipt fixes when its slot is due; a more urgent kind that joins it may bring that forward.
local sooner = {}
local function hurry(s, letter)
  if not urgent()[letter] or number(s, FLAGS[letter].count) > 0 then return end
  local asked = asked_ms(s, letter, now)
  sooner[s.slot] = math.min(sooner[s.slot] or asked, asked)
end

local function joins(s)
  waits(s, 1)
  if trace then came_from(s, trace) end
end

local function record_all(s, letter, name)
  recorded(s, letter)
  if name ~= '' and has(s[FLAGS[letter].covered], name) then return absorbed(s, 1) end
  joins(s)
  hurry(s, letter)
  join_all(s, letter, 1, name)
end

local function record_id(s, letter, id)
  recorded(s, letter)
  if has(s[FLAGS[letter].covered], id) then return absorbed(s, 1) end
  joins(s)
  hurry(s, letter)
  join_id(s, letter, 1, id)
end

local function record_mark(s, letter, name, ids, token)
  if ids == '' then
    record_all(s, letter, name)
  else
    each_name(ids, function(id) record_id(s, letter, id) end)
  end
  if s.pt and token ~= '' then put(s, 'k', token) end
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
  if s.u then stop_waiting(s, s.pu) end
  for _, field in ipairs({'pt', 'pn', 'pv', 'px', 'pu', 'pk', 'pj', 'kt', 'a', 'q', 'w'}) do put(s, field, nil) end
  redis.call('ZREM', due_key, s.slot)
  fresh[s.slot] = s
end

local function record_edit(s, actor, revision, text, token)
  recorded(s, 'e')
  if s.v and tonumber(revision) < number(s, 'v') then return absorbed(s, 1) end
  local old_actor = s.pu
  joins(s)
  join_edit(s, {n = 1, revision = revision, text = text, actor = actor, token = token}, true)
  -- Another's edit has won: it does not wait for that actor's token.
  if s.u and old_actor and s.pu ~= old_actor then
    stop_waiting(s, old_actor)
    if not s.ft then schedule(s, number(s, 'pt')) end
  end
  if is_stored_text(s) then drop_pending_edit(s) end
end

for i = 1, last, FIELDS do
  local s = open(ARGV[i + 1])
  if not s then return redis.error_reply('LEDGER ' .. prefix .. ':' .. ARGV[i + 1] .. ' should be a slot (a hash)') end
  if not takes_ids(s, ARGV[i + 4]) then return no_ids(s) end
  if not s.pt then fresh[s.slot] = s end
end
for i = 1, last, FIELDS do
  local s = open(ARGV[i + 1])
  if ARGV[i] == 'e' then
    record_edit(s, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  else
    record_mark(s, ARGV[i], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  end
  if s.pt and ARGV[i + 5] ~= '' then put(s, 'kt', now + math.floor(policy.token_life_ms)) end
  bring(s, ARGV[i + 2], ARGV[i + 5])
end
for actor, came in pairs(brought) do take_over(actor, came) end
for _, s in pairs(fresh) do
  if s.pt and not s.ft then schedule(s, gather_due(s)) end
end
for slot, due_ms in pairs(sooner) do
  local s = call.opened[slot]
  -- One that backs off, or waits for a token, waits for that.
  if not fresh[slot] and not (s.ft or s.a or s.q or s.u) then advance(s, due_ms) end
end
finish()
return {call.counted.recorded or 0, call.counted.absorbed or 0}
