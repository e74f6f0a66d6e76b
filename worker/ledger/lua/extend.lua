-- extend: the leases of claims that are still being sent begin anew. The timeouts of an HTTP client bound each step of
-- a request and not its sum: several addresses of a host, an answer in drops.
-- ARGV     lease in ms; then slot and generation of each claim
-- answers  1 or 0 per claim: extended, or taken away meanwhile

local answers = {}
for i = 2, #ARGV, 2 do
  local slot, generation = ARGV[i], ARGV[i + 1]
  local stored = redis.pcall('HMGET', prefix .. ':' .. slot, 'g', 'ft')
  local ours = not stored.err and stored[1] == generation and stored[2]
  if ours then redis.call('ZADD', leases_key, 'XX', now + tonumber(ARGV[1]), slot) end
  answers[#answers + 1] = ours and 1 or 0
end
return answers
