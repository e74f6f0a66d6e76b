-- Slots that are sent with a session token: which one, and the wait for another where it was refused. Shared by claim
-- and settle; put behind flight.lua. The hints that are read here stand in tokens.lua.

-- A waiting slot is looked at so often, whatever has become of the hints.
local LOOK_MS = 3600000

local function is_session(actor) return string.find(actor, '^[st]') ~= nil end

-- Whom the half in flight was sent for.
local function sent_for(s)
  if is_edit(s.slot) then return s.fu or '' end
  return actor_of(s)
end

local function newest_of(actor)
  if call.newest[actor] == nil then
    local token = redis.pcall('GET', newest_key(actor))
    call.newest[actor] = type(token) == 'string' and token or false
  end
  return call.newest[actor]
end

-- The actor's newest, else the slot's own; nil where the API has refused both.
local function token_of(s, actor)
  local own = is_edit(s.slot) and s.pk or s.k
  for _, token in ipairs({newest_of(actor) or '', own or ''}) do
    if token ~= '' and not is_refused(actor, token) then return token end
  end
end

-- Longer than any slot waits for another token, and than a producer may go on bringing a refused one.
local function keep_hints(actor)
  redis.call('PEXPIRE', waiting_key(actor), math.floor(policy.token_wait_ms + policy.token_life_ms))
end

local function refuse_token(actor, token)
  local key, digest = waiting_key(actor), redis.sha1hex(token)
  hints_of(actor).refused[digest] = true
  spared('ZADD', key, -now, digest)
  local known = redis.call('ZCOUNT', key, '-inf', '(0')
  if known > REFUSED_MAX then redis.call('ZREMRANGEBYRANK', key, REFUSED_MAX, known - 1) end
  keep_hints(actor)
  if newest_of(actor) == token then
    redis.call('DEL', newest_key(actor))
    call.newest[actor] = false
  end
end

local function has_waited_out(s) return s.u and now - number(s, 'u') >= policy.token_wait_ms end

local function await_token(s, actor)
  if not s.u or number(s, 'u') > now then put(s, 'u', now) end
  schedule(s, math.min(number(s, 'u') + policy.token_wait_ms, now + LOOK_MS))
  spared('ZADD', waiting_key(actor), number(s, 'pt'), s.slot)
  keep_hints(actor)
end

-- With nothing left in the whole ledger the newest token is of use to those receipts alone that may still come with one
-- that was refused.
local function forget_newest(actors)
  if not next(actors) or redis.call('ZCARD', due_key) + redis.call('ZCARD', leases_key) > 0 then return end
  for actor in pairs(actors) do
    if not next(hints_of(actor).refused) then redis.call('DEL', newest_key(actor)) end
  end
end
