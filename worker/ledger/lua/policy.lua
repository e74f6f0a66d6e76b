-- policy: stores what the workers' settings say to the scripts; the last worker to start has the last word.
-- KEYS[1]  prefix of the application's keys
-- ARGV     field, value, field, value, …
-- answers  nothing

redis.call('HSET', KEYS[1] .. ':policy', unpack(ARGV))
