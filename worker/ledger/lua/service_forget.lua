-- service_forget: a token was refused. It is forgotten, unless it has been renewed meanwhile.
-- ARGV     id of the session that was used
-- answers  {how many in a row were refused young, this one too, or -1: it was not the last one; ms until another may be
--          asked for}

local YOUNG_MS, LEAST_MS, MOST_MS = 60000, 1000, 60000
if session.id ~= ARGV[1] or not session.token then return {-1, lives() and 0 or wait_ms()} end
-- A session that ended early is renewed at once. An API that refuses what it has just made is not asked without end.
local young = now - whole(session.made_ms) < YOUNG_MS and math.min(whole(session.young), 16) + 1 or 0
local wait = math.max(wait_ms(), young > 1 and math.min(MOST_MS, LEAST_MS * 2 ^ (young - 2)) or 0)
redis.call('HDEL', session_key, 'token')
redis.call('HSET', session_key, 'young', young, 'next_ms', now + wait)
redis.call('PEXPIRE', session_key, DAY_MS)
return {young, wait}
