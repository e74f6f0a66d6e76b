-- Scores that no function gives: nothing waits, is leased or is permitted for so long. Such a slot would be stranded, such
-- a permit would keep a doorbell from ringing for ever. Put behind aside.lua.

local FAR_MS = 2 * 86400000
local AT_ONCE = 200
local far = '(' .. string.format('%.0f', now + FAR_MS)
for _, key in ipairs({due_key, leases_key}) do
  for _, slot in ipairs(redis.call('ZRANGEBYSCORE', key, far, '+inf', 'LIMIT', 0, AT_ONCE)) do
    redis.call('ZADD', key, now, slot)
  end
end
spared('ZREMRANGEBYSCORE', prefix .. ':permits', far, '+inf')
