-- reap: leases that ran out (their worker died, or hangs): joined back and due now; a slot that outlives too many
-- crashes in a row is dead ("poison"). One slot may have killed what it was sent with: before the last two tries they
-- are due one after the other, so that it dies alone; in as many places as a sync has connections by default.
-- ARGV     most slots to take
-- answers  {slot, crashes in a row, 'again' or 'dead', …}

local APART_MS, LANES = 2000, 16
local answers, apart = {}, 0
for _, slot in ipairs(redis.call('ZRANGEBYSCORE', leases_key, '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))) do
  local s = open(slot)
  if not s then
    set_aside(slot, 'leased, but its key holds no slot')
  elseif not s.ft then
    redis.call('ZREM', leases_key, slot)
  elseif not is_sound(s) then
    set_aside(slot, 'leased, but its ids cannot be read')
  else
    add(s, 'y', 1)
    count('reaped', 1)
    local crashes = number(s, 'y')
    doubt(s)
    local fate = crashes >= policy.crashes_max and 'dead' or 'again'
    if fate == 'dead' then
      bury(s, take(s), {reason = 'poison: its worker died ' .. crashes .. ' times'})
      close(s, false)
    else
      join_back(s)
      put(s, 'w', 'its worker died or hung')
      if crashes > 1 and crashes >= policy.crashes_max - 2 then
        schedule(s, now + APART_MS * apart)
        apart = (apart + 1) % LANES
      else
        schedule(s, now)
      end
    end
    write(s)
    for _, part in ipairs({slot, crashes, fate}) do answers[#answers + 1] = part end
  end
end
finish()
return answers
