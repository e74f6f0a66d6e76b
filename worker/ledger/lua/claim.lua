-- claim: takes the longest due slots for sending: pending -> in flight, a new generation, a lease; at most what the
-- pace allows, one call each.
-- ARGV     most slots wanted; lease in ms; permit of the sync that asks, or ''; its life in ms; most syncs at once
-- answers  {wait_ms, slot, slot, …}; wait_ms until more may be claimed: 0 now, -1 nothing waits, -2 leave: this
--          sync's permit ran out and others have taken its place.
--          mark slot: {slot, generation, attempts, recorded_ms, token, list limit, read, delivered, id, n, id, n, …},
--          an id preceded by its flag's letter; edit slot: {slot, generation, attempts, recorded_ms, token, actor,
--          revision, text}; of either one part more where
--          its receipts came from traces; behind the claims what had no token to be sent with: {slot, 'waits' or 'dead'}

local pace, cap = read_pace()

local wanted, lease_ms, permit = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local permits_key = prefix .. ':permits'

if permit ~= '' then
  spared('ZREMRANGEBYSCORE', permits_key, '-inf', now)
  -- The sync is here: its permit stands for a doorbell no more. One that nobody has answered yet may wait behind syncs
  -- of other applications: it keeps nobody out who could do its work now (docs/decisions/0018).
  redis.call('ZREM', permits_key, permit)
  local at_work = 0
  for _, other in ipairs(redis.call('ZRANGE', permits_key, 0, -1)) do
    if string.sub(other, 1, #AT_WORK) == AT_WORK and other ~= AT_WORK .. permit then at_work = at_work + 1 end
  end
  if at_work >= tonumber(ARGV[5]) then return {-2} end
  redis.call('ZADD', permits_key, now + tonumber(ARGV[4]), AT_WORK .. permit)
end

-- The plan's PUTs take turns by it (worker/plan.py).
local TURNS = 1024

local function lift(s, n)
  count('pending', -n)
  count('in_flight', n)
  for _, part in ipairs(is_edit(s.slot) and EDIT_HALF or MARK_HALF) do
    local value = s[HALVES.p[part]]
    if value ~= nil then put(s, HALVES.f[part], value) end
  end
  clear(s, 'p')
  if s.fi then redis.call('RENAME', ids_key(s, 'p'), ids_key(s, 'f')) end
  redis.call('ZREM', due_key, s.slot)
end

local function lift_off(s, n)
  lift(s, n)
  -- The time of the claim, and a turn. A slot that was forgotten, or a Redis that lost its last writes, must not use a
  -- generation again: a worker that still holds the lost claim would settle another's.
  put(s, 'g', now * TURNS + (number(s, 'g') + 1) % TURNS)
  put(s, 's', now)
  redis.call('ZADD', leases_key, now + lease_ms, s.slot)
end

local function claim_mark(s)
  if s.k then put(s, 'fk', s.k) end
  local answer = {s.slot, s.g, number(s, 'a'), s.ft, s.k or '', number(s, 'z'), number(s, 'fr'), number(s, 'fd')}
  for _, part in ipairs(ids_of(s, 'f')) do answer[#answer + 1] = part end
  answer[#answer + 1] = s.fj
  return answer
end

local function claim_edit(s)
  -- From here until the API has accepted it, nobody knows which text it holds.
  if s.h then put(s, 'h', nil) end
  return {s.slot, s.g, number(s, 'a'), s.ft, s.fk or '', s.fu, s.fv, s.fx, s.fj}
end

-- An earlier PUT that was not answered may still be applied, after this one: another text waits until it cannot.
local function lands_by(s)
  if not s.l then return now end
  local by = math.min(number(s, 'l'), now + policy.lands_ms)
  if by <= now then forget_doubt(s) end
  return redis.sha1hex(s.px or '') == s.lx and now or by
end

local allowed = room()
local firsts, retries, postponed = 0, 0, 0
local retries_left = law.retries(pace, cap, now, policy.retry_share)

-- A slot that has failed is tried again from the retry budget; the nth for which nothing is left waits for the nth that
-- comes. The breaker's probe may be any.
local function within_budget(s)
  if number(s, 'a') == 0 or pace.open then
    firsts = firsts + 1
    return true
  end
  if retries_left - retries >= 1 then
    retries = retries + 1
    return true
  end
  postponed = postponed + 1
  schedule(s, now + law.retry_wait_ms(pace, cap, policy.retry_share, postponed))
  return false
end

-- What the API would refuse is not sent: the slot waits for another token, or has waited long enough.
local stopped = {}
local function stop(s, actor, n)
  local fate = has_waited_out(s) and 'dead' or 'waits'
  if fate == 'dead' then
    stop_waiting(s, actor)
    lift(s, n)
    bury(s, take(s), {reason = 'no newer session token came'})
    close(s, false)
  else
    await_token(s, actor)
  end
  stopped[#stopped + 1] = {s.slot, fate}
end

-- Those that still wait for the token that this slot has follow it, some at a time.
local function take_token(s, actor, token)
  local field = is_edit(s.slot) and 'pk' or 'k'
  if s[field] ~= token then
    put(s, field, token)
    put(s, 'kt', now + math.max(0, redis.call('PTTL', newest_key(actor))))
  end
  if s.u then stop_waiting(s, actor) end
  if hints_of(actor).waits and token == newest_of(actor) then wake_waiting(actor) end
end

-- Only what fails for so long is given up (settle.lua): what it waited here for its turn moves the time since when.
local function forgive_wait(s, due_ms)
  if not s.q then return end
  local waited = math.floor(law.waited_ms(pace, now, math.max(due_ms, number(s, 's'))))
  if waited > 0 then put(s, 'q', string.format('%.0f', math.min(now, number(s, 'q') + waited))) end
end

local function claim(slot, due_ms)
  local s = open(slot)
  if not s then return set_aside(slot, 'due, but its key holds no slot') end
  if s.ft then return redis.call('ZREM', due_key, slot) end
  if not is_sound(s) then return set_aside(slot, 'due, but its ids cannot be read') end
  local n = held(s, 'p')
  if not s.pt or n == 0 then
    clear(s, 'p')
    return set_aside(slot, 'due, but nothing is pending in it')
  end
  local actor = actor_of(s)
  local token = is_session(actor) and token_of(s, actor)
  if is_session(actor) and not token then return stop(s, actor, n) end
  forgive_wait(s, due_ms)
  if is_edit(slot) and lands_by(s) > now then return schedule(s, lands_by(s)) end
  if not within_budget(s) then return end
  if token then take_token(s, actor, token) end
  lift_off(s, n)
  return is_edit(slot) and claim_edit(s) or claim_mark(s)
end

local answer = {0}
if allowed > 0 and wanted > 0 then
  law.left_alone(pace, now)
  local most = math.min(allowed, wanted)
  local due = redis.call('ZRANGEBYSCORE', due_key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #due, 2 do
    local claimed = claim(due[i], tonumber(due[i + 1]) or now)
    if type(claimed) == 'table' then answer[#answer + 1] = claimed end
  end
end
local n = #answer - 1
if n > 0 then
  spend(n)
  law.take_retries(pace, cap, now, policy.retry_share, firsts, retries)
  law.probing(pace, now, lease_ms)
end
if allowed < wanted and n == allowed and not pace.paused and law.held_ms(pace, now) == 0 then
  local first = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
  if first and tonumber(first) <= now then law.press(pace, cap, now) end
end
save_pace()
answer[1] = claimable_in_ms()
for _, each in ipairs(stopped) do answer[#answer + 1] = each end
finish()
return answer
