-- service_fail: no session has been made. The next is asked for after a wait that doubles with every failure in a row.
-- ARGV     the word of the service_look that said 'renew'; whose credentials; the trouble's name, '' where nothing was
--          asked; shortest and longest wait in ms: jittered, unless they are the same; a random number in [0, 1);
--          seconds that the API's clock is ahead
-- answers  {1 if this trouble is new, ms until a session may be asked for again}

local DOUBLINGS = 16
local owner, trouble, least_ms, most_ms = ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
-- The lock ran out: another is at it, and its answer counts.
if not is_ours(owner) then return {0, wait_ms()} end
redis.call('DEL', lock_key)
if trouble == '' then return {0, wait_ms()} end
local fails = math.min(whole(session.fails), DOUBLINGS)
local jitter = least_ms < most_ms and 0.5 + tonumber(ARGV[6]) / 2 or 1
local wait = math.ceil(math.min(most_ms, least_ms * 2 ^ fails) * jitter)
redis.call('HSET', session_key, 'of', ARGV[2], 'trouble', trouble, 'fails', fails + 1, 'next_ms', now + wait, 'ahead_s',
  ARGV[7])
redis.call('PEXPIRE', session_key, DAY_MS)
return {session.trouble == trouble and 0 or 1, wait}
