-- Session tokens by actor: the newest, those that the API has refused, the slots that wait for another. All of it is a
-- hint: a slot has a token of its own, and a due time of its own while it waits (docs/decisions/0015). Put behind due.lua.

-- More refused tokens than this are not remembered; more slots are not woken in one step, the rest follow (claim.lua).
local REFUSED_MAX = 8
local WOKEN_AT_ONCE = 200

local function newest_key(actor) return prefix .. ':t:' .. actor end
local function waiting_key(actor) return prefix .. ':w:' .. actor end
-- Whom the pending half is sent for.
local function actor_of(s)
  if is_edit(s.slot) then return s.pu or '' end
  return string.match(s.slot, '[^:]*$')
end

-- Refused tokens stand in front of the waiting slots, and are told from them by the colon that every slot has.
local function hints_of(actor)
  if call.hints[actor] then return call.hints[actor] end
  local known = {refused = {}, waits = false}
  local members = redis.pcall('ZRANGE', waiting_key(actor), 0, REFUSED_MAX)
  for _, member in ipairs(members.err and {} or members) do
    if string.find(member, ':', 1, true) then known.waits = true else known.refused[member] = true end
  end
  call.hints[actor] = known
  return known
end

local function is_refused(actor, token)
  local refused = hints_of(actor).refused
  return next(refused) ~= nil and refused[redis.sha1hex(token)] == true
end

local function stop_waiting(s, actor)
  put(s, 'u', nil)
  redis.pcall('ZREM', waiting_key(actor), s.slot)
end

-- Due since its oldest receipt was recorded: those that have waited longest are sent first.
local function set_going(s)
  if not s.u or not s.pt or s.ft then return end
  put(s, 'u', nil)
  schedule(s, number(s, 'pt'))
end

local function wake_waiting(actor)
  local slots = redis.call('ZRANGEBYSCORE', waiting_key(actor), 0, '+inf', 'LIMIT', 0, WOKEN_AT_ONCE)
  for _, slot in ipairs(slots) do
    local s = open(slot)
    if s and actor_of(s) == actor then set_going(s) end
  end
  if #slots > 0 then redis.call('ZREM', waiting_key(actor), unpack(slots)) end
  hints_of(actor).waits = false
end
