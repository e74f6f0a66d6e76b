-- publish: stores the policy; the last worker to start has the last word, also when an older one publishes anew because
-- Redis was away. `begin` has seen to it that an older program does not overwrite what a newer one has published.
-- ARGV     when this worker published first (ms); 0: it does so now
--          field, value, …
-- answers  when this worker published first

local since = tonumber(table.remove(ARGV, 1))
if since == 0 then since = now end
if (policy.since or 0) > since and policy.since <= now then return since end
redis.call('DEL', prefix .. ':policy')
redis.call('HSET', prefix .. ':policy', 'version', VERSION, 'since', since, unpack(ARGV))
return since
