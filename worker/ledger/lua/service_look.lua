-- service_look: which token to send with, or who makes one.
-- ARGV     whose credentials (a digest); user who is to be acted for; a word unique to this call; life of the lock in ms
-- answers  {'use', id, token} · {'renew', now, seconds that the API's clock is ahead}: the caller has the lock, and ends
--          it with service_keep or service_fail · {'wait', ms} · {'other'}: the session is another user's

local LOOK_AGAIN_MS = 250
local TURN_MS = 5000
local AHEAD_MAX_S = 1e10

-- With other credentials nothing of it holds: neither token nor user, nor what has been refused. While workers with old
-- and new ones run side by side they take turns, for each turn costs a call.
if session.of and session.of ~= ARGV[1] then
  if lives() and now - whole(session.made_ms) < TURN_MS then return {'wait', LOOK_AGAIN_MS} end
  redis.call('DEL', session_key)
  session = {}
end
if session.token and not lives() then
  redis.call('HDEL', session_key, 'token')
  session.token = nil
end
if session.user_id and session.user_id ~= ARGV[2] then return {'other'} end
local use = session.token and {'use', session.id, session.token}
if use and now < whole(session.renew_ms) then return use end
if wait_ms() > 0 then return use or {'wait', wait_ms()} end
-- Ours runs out; one that does not is another hand's, and nobody would renew any more.
if redis.call('PTTL', lock_key) == -1 then redis.call('DEL', lock_key) end
-- A client whose connection broke before the answer asks again with the same word.
if redis.call('SET', lock_key, ARGV[3], 'NX', 'PX', ARGV[4]) or is_ours(ARGV[3]) then
  local ahead_s = tonumber(session.ahead_s or '') or 0
  return {'renew', now, math.abs(ahead_s) < AHEAD_MAX_S and string.format('%.3f', ahead_s) or '0'}
end
-- Somebody is at it. The longer that takes, the less often they are asked: it may be an API that does not answer.
local left_ms = math.max(0, redis.call('PTTL', lock_key))
return use or {'wait', math.max(LOOK_AGAIN_MS, math.min(left_ms, tonumber(ARGV[4]) - left_ms))}
