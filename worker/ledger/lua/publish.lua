-- publish: stores the policy; the last worker to start has the last word. The scripts' first lines have seen to it that
-- an older program does not overwrite what a newer one has published.
-- ARGV     field, value, …

spare_keys()
redis.call('DEL', prefix .. ':policy')
redis.call('HSET', prefix .. ':policy', 'version', VERSION, unpack(ARGV))
return 1
