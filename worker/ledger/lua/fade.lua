-- fade: takes from slots that wait the session tokens whose life is over; they wait for another one from then on. A slot
-- whose turn does not come (a pause, an outage, a token that was refused) would keep its token for as long.
-- ARGV     where to go on, '0' from the start; about how many slots to look at
-- answers  {where to go on, '0' when all have been seen; how many tokens went}

local seen = redis.call('ZSCAN', due_key, ARGV[1], 'COUNT', ARGV[2])
local faded = 0
for i = 1, #seen[2], 2 do
  local slot = seen[2][i]
  local until_ms = redis.pcall('HGET', prefix .. ':' .. slot, 'kt')
  if type(until_ms) == 'string' and whole(until_ms) <= now then
    local s = open(slot)
    put(s, is_edit(slot) and 'pk' or 'k', is_edit(slot) and s.pt and '' or nil)
    put(s, 'kt', nil)
    faded = faded + 1
  end
end
finish()
return {seen[1], faded}
