-- publish: stores the policy; the last worker to start has the last word. `begin` has seen to it that
-- an older program does not overwrite what a newer one has published.
-- ARGV     field, value, …

redis.call('DEL', prefix .. ':policy')
redis.call('HSET', prefix .. ':policy', 'version', VERSION, unpack(ARGV))
return 1
