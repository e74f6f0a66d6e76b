-- expire: dead letters that are older than is kept, or more than are kept, go; they are counted.
-- KEYS[1]  prefix of the application's keys
-- ARGV     most letters to take
-- answers  how many went

local gone = expire_letters(tonumber(ARGV[1]))
finish()
return gone
