-- service_keep: a session has been made.
-- ARGV     the word of the service_look that said 'renew'; whose credentials; token; user; its life in ms; after how many
--          ms to renew it; seconds that the API's clock is ahead
-- answers  1 if a trouble has ended with it, else 0

local owner, life_ms = ARGV[1], tonumber(ARGV[5])
local ours = is_ours(owner)
if ours then redis.call('DEL', lock_key) end
-- Late, and another has made one meanwhile: the API knows both, and that one is newer.
if not ours and lives() then return 0 end
-- One that is renewed ahead was good to its end. One that follows a refused one has yet to show it.
local young = lives() and 0 or whole(session.young)
redis.call('DEL', session_key)
redis.call('HSET', session_key, 'id', owner, 'of', ARGV[2], 'token', ARGV[3], 'user_id', ARGV[4], 'made_ms', now,
  'renew_ms', now + tonumber(ARGV[6]), 'expires_ms', now + life_ms, 'young', young, 'ahead_s', ARGV[7])
redis.call('PEXPIRE', session_key, life_ms)
return session.trouble and 1 or 0
