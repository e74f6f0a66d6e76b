-- The service session of one application: one for all workers, renewed by one of them. Put behind due.lua, before one of
-- service_look, service_keep, service_fail, service_forget.
-- The lock names who renews. It runs out, so that a renewer that dies is followed by another; whoever comes back after
-- that finds it in another's name and changes nothing.

local session_key, lock_key = prefix .. ':session', prefix .. ':session:lock'
-- What stands there instead holds no receipt: it makes room for a new session.
for key, kind in pairs({[session_key] = 'hash', [lock_key] = 'string'}) do
  if wrong_type(key, kind) then redis.call('DEL', key) end
end

local DAY_MS = 86400000
local SESSION = {'id', 'token', 'user_id', 'of', 'made_ms', 'renew_ms', 'expires_ms', 'fails', 'young', 'trouble',
  'next_ms', 'ahead_s'}
local session = {}
for i, value in ipairs(redis.call('HMGET', session_key, unpack(SESSION))) do session[SESSION[i]] = value or nil end

local function lives() return session.id and session.token and whole(session.expires_ms) > now end
local function is_ours(owner) return redis.call('GET', lock_key) == owner end

-- Until a session may be asked for again. What no function wrote must not forbid it for ever.
local function wait_ms()
  local next_ms = whole(session.next_ms)
  return next_ms > now and next_ms <= now + DAY_MS and next_ms - now or 0
end
