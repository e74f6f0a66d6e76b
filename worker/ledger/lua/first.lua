-- first: when a message of the broker's was first taken by a worker: the revision of an edit that names none. Asked before
-- it is recorded, and answered alike however often the message comes.
-- ARGV     what tells the message from others; how long it is remembered since it last came, in ms
-- answers  when, in ms

local key = prefix .. ':first:' .. ARGV[1]
local stored = redis.pcall('GET', key)
local first = type(stored) == 'string' and string.find(stored, '^%d+$') and whole(stored) or 0
if first == 0 then first = now end
redis.call('SET', key, string.format('%d', first), 'PX', ARGV[2])
return first
