-- settle: the end of claims. A generation that is not the slot's belongs to a claim that was taken away: ignored.
-- KEYS[1]  prefix of the application's keys
-- ARGV     per claim: slot, generation, outcome, flags, ids, delay_ms, costs, hold_ms, escalates, list limit,
--          wants token, in doubt, reason, status, words, request id, verdict
--          outcome    'done' the API accepted · 'again' later · 'dead' never, for this part · 'dead_all' never, for
--                     all that was claimed · 'back' handed back unsent
--          flags, ids what the PUT carried: letters of flags, and ids joined with ',' ('' for the whole dialog)
--          delay_ms   'again': until due; costs '1': counts as a failed attempt
--          hold_ms    holds the whole application; escalates '1': doubled for every hold in a row
--          list limit most ids in the slot's next list ('' as it is) · wants token '1': waits for a newer one
--          in doubt   '1': the API may have applied the PUT, or may still do so
--          verdict    for the counts: sent, rejected, throttled, unavailable, unauthorized or ''
-- answers  1 or 0 per claim: settled, or stale

local FIELDS = 17
local HOLD_MAX_MS = 60000
local HOLD_DOUBLINGS = 6
local LIST_LIMIT_MAX = 1000

local function accept(s, letters, ids)
  if is_edit(s.slot) then
    local n = number(s, 'fn')
    covered(s, n)
    count('in_flight', -n)
    if number(s, 'fv') >= number(s, 'v') then put(s, 'v', s.fv) end
    put(s, 'h', redis.sha1hex(s.fx or ''))
    if s.o then put(s, 'o', nil) end
    return put(s, 'fn', nil)
  end
  -- Only a PUT of the whole dialog covers what a name stands for: everything up to that message.
  for letter in string.gmatch(ids == '' and letters or '', '%a') do
    local flag = FLAGS[letter]
    each_name(s[flag.sent_names], function(id) remember(s, flag, id) end)
  end
  local n = take_marks(s, letters, ids).n
  covered(s, n)
  count('in_flight', -n)
end

local function hold(ms, escalates)
  if ms <= 0 then return end
  -- Answers to calls that were under way when the hold began say nothing new.
  if escalates and hold_ms > 0 then return end
  if escalates then ms = math.min(HOLD_MAX_MS, ms * 2 ^ math.min(holds, HOLD_DOUBLINGS)) end
  hold_ms = math.max(hold_ms, math.floor(ms))
  if escalates then holds = holds + 1 end
  redis.call('HSET', pace_key, 'hold', now + hold_ms, 'holds', holds)
end

local function forget_holds()
  -- What was sent before the hold began says nothing of the API since.
  if hold_ms > 0 or holds == 0 then return end
  redis.call('HDEL', pace_key, 'holds')
  holds = 0
end

local function lengthen_list(s)
  if s.z then put(s, 'z', math.min(number(s, 'z') * 2, LIST_LIMIT_MAX)) end
end

local function again(s, c)
  if c.outcome == 'back' then count('handed_back', 1) end
  hold(c.hold_ms, c.escalates)
  if c.in_doubt then doubt(s) end
  if c.costs and not s.q then put(s, 'q', now) end
  -- Only what fails for so long is given up: not what waited for a worker, was throttled, or is a list being halved.
  if c.costs and now - number(s, 'q') >= policy.give_up_ms then
    c.reason = 'gave up: ' .. c.reason
    bury(s, take(s), c)
    return close(s, false)
  end
  local token = s.fk
  join_back(s)
  if c.costs then add(s, 'a', 1) end
  if c.list_limit ~= '' then put(s, 'z', c.list_limit) end
  if s.y then put(s, 'y', nil) end
  if c.reason ~= '' then put(s, 'w', c.reason) end
  local newer = is_edit(s.slot) and s.pk or s.k
  local waits_for_token = c.wants_token and newer == token
  if waits_for_token or s.u then put(s, 'u', waits_for_token and 1 or nil) end
  schedule(s, (c.wants_token and newer ~= token) and now or now + c.delay_ms)
end

local OUTCOMES = {
  done = function(s, c)
    accept(s, c.letters, c.ids)
    if c.ids ~= '' then lengthen_list(s) end
    forget_holds()
    close(s, true)
  end,
  dead = function(s, c)
    bury(s, take(s, c.letters, c.ids), c)
    if c.ids ~= '' then lengthen_list(s) end
    close(s, false)
  end,
  dead_all = function(s, c)
    bury(s, take(s), c)
    close(s, false)
  end,
  again = again,
  back = again,
}

local function read(at)
  local a = {}
  for i = 0, FIELDS - 1 do a[i + 1] = ARGV[at + i] end
  return {slot = a[1], generation = a[2], outcome = a[3], letters = a[4], ids = a[5], delay_ms = tonumber(a[6]),
    costs = a[7] == '1', hold_ms = tonumber(a[8]), escalates = a[9] == '1', list_limit = a[10],
    wants_token = a[11] == '1', in_doubt = a[12] == '1', reason = a[13], status = a[14], words = a[15],
    request_id = a[16], verdict = a[17]}
end

local answers = {}
for at = 1, #ARGV, FIELDS do
  local c = read(at)
  local s = open(c.slot)
  if c.verdict ~= '' then count('puts_' .. c.verdict, 1) end
  if s and s.ft and s.g == c.generation and is_sound(s) then
    OUTCOMES[c.outcome](s, c)
    write(s)
    answers[#answers + 1] = 1
  else
    count('stale_settles', 1)
    answers[#answers + 1] = 0
  end
end
finish()
return answers
