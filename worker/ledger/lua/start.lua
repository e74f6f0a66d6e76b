-- start: counts how often the recording of a message that came back from the broker was begun and not ended: its process
-- died each time. `end` is a DEL of the key.
-- ARGV     what tells the message from others; how long it is remembered, in ms
-- answers  how often it was begun before

local key = prefix .. ':start:' .. ARGV[1]
local begun = redis.pcall('INCR', key)
if type(begun) == 'table' then
  redis.call('SET', key, 1)
  begun = 1
end
redis.call('PEXPIRE', key, ARGV[2])
return begun - 1
