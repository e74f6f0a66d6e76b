-- When a slot is due, who is woken for it, and the end of every call that has opened slots. Put behind join.lua.

-- The gather times of a kind: 'r' read, 'd' delivered, 'e' edit. Reads use the plain ones, and so does who has none.
local LEAST_OF = {r = 'gather_min_ms', d = 'gather_delivered_min_ms', e = 'gather_edit_min_ms'}
local MOST_OF = {r = 'gather_max_ms', d = 'gather_delivered_max_ms', e = 'gather_edit_max_ms'}
local function gather_bounds(kind)
  return policy[LEAST_OF[kind]] or policy.gather_min_ms, policy[MOST_OF[kind]] or policy.gather_max_ms
end
local function is_more_urgent(kind, other)
  local least, most = gather_bounds(kind)
  local other_least, other_most = gather_bounds(other)
  return least < other_least or most < other_most
end
-- Whether the one flag asks for its PUT sooner than the other.
local function urgent()
  call.urgent = call.urgent or {r = is_more_urgent('r', 'd'), d = is_more_urgent('d', 'r')}
  return call.urgent
end

-- Waiting slots divided by the rate is how long the newest would wait anyway: gathering that long costs no one time
-- and saves calls (docs/decisions/0005).
local function queue_ms()
  call.queue_ms = call.queue_ms or math.floor(redis.call('ZCARD', due_key) * 1000 / policy.rate_per_s)
  return call.queue_ms
end
local function gather_ms(kind)
  local least, most = gather_bounds(kind)
  if most <= least or policy.rate_per_s <= 0 then return least end
  return math.max(least, math.min(most, queue_ms()))
end

-- When a receipt of this kind asks for its PUT. A slot whose PUT has just gone out waits out the longest gather time
-- since then.
local function asked_ms(s, kind, since_ms)
  local _, most = gather_bounds(kind)
  return math.max(since_ms + gather_ms(kind), number(s, 's') + most)
end

local function pending_kinds(s)
  if is_edit(s.slot) then return {e = true} end
  if not (urgent().r or urgent().d) then return {r = true} end
  local kinds = {}
  for kind, flag in pairs(FLAGS) do
    if number(s, flag.count) > 0 then kinds[kind] = true end
  end
  for _, member in ipairs(s.pi and redis.call('HKEYS', ids_key(s, 'p')) or {}) do
    kinds[string.sub(member, 1, 1)] = true
  end
  return kinds
end

-- The most urgent kind that waits decides, counted from the oldest receipt.
local function gather_due(s)
  local due_ms
  for kind in pairs(pending_kinds(s)) do
    local asked = asked_ms(s, kind, number(s, 'pt'))
    due_ms = math.min(due_ms or asked, asked)
  end
  return due_ms or now
end

-- The earliest slot's due time, sent to the workers when it comes before their next tick. Of several that this call
-- has made due together any may stand first.
local TICK_MS = 1000
local function schedule(s, due_ms)
  redis.call('ZADD', due_key, due_ms, s.slot)
  call.scheduled[s.slot] = due_ms
end
-- Brings a slot forward, and never puts it off.
local function advance(s, due_ms)
  if redis.call('ZADD', due_key, 'XX', 'LT', 'CH', due_ms, s.slot) == 1 then call.scheduled[s.slot] = due_ms end
end
local function wake()
  if not next(call.scheduled) then return end
  local due_ms = call.scheduled[redis.call('ZRANGE', due_key, 0, 0)[1]]
  if not due_ms or due_ms > now + TICK_MS then return end
  redis.call('PUBLISH', prefix .. ':wake', math.max(0, due_ms - now))
end

local function finish()
  for _, s in pairs(call.opened) do
    if next(s.changed) then write(s) end
  end
  write_counts()
  wake()
end
