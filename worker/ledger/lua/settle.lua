-- settle: the end of claims. A generation that is not the slot's belongs to a claim that was taken away: ignored.
-- ARGV     per claim: slot, generation, outcome, flags, ids, delay_ms, costs, hold_ms, list limit, wants token, in doubt,
--          reason, status, words, request id, verdict, took_ms
--          outcome    'done' the API accepted · 'again' later · 'dead' never, for this part · 'dead_all' never, for
--                     all that was claimed · 'back' handed back unsent
--          flags, ids what the PUT carried: letters of flags, and ids joined with ',' ('' for the whole dialog)
--          delay_ms   'again': until due; costs '1': counts as a failed attempt
--          hold_ms    how long the API asked to be left alone, or a refused API key is left alone
--          list limit most ids in the slot's next list ('' as it is) · wants token '1': waits for another one, or for credentials
--          in doubt   '1': the API may have applied the PUT, or may still do so
--          verdict    sent, rejected, throttled, unavailable, unauthorized; '' where the API was not asked
--          took_ms    how long its PUT took; '' where there was none
-- answers  per claim 1 settled, 0 stale, 2 settled, and dead though it was to come again; then the breaker's events, each told
--          to one caller alone: 'opened', 'reopened' or 'closed', and 'outage' or 'key'

local pace, cap = read_pace()

local FIELDS = 17
local TURNS = 1024 -- claim.lua
local LIST_LIMIT_MAX = 1000

local function accept(s, letters, ids)
  if is_edit(s.slot) then
    local n = number(s, 'fn')
    covered(s, n)
    count('in_flight', -n)
    notify_covered(s, n, {'revision', s.fv or '', 'actor', s.fu or ''})
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
  local taken = take_marks(s, letters, ids)
  covered(s, taken.n)
  count('in_flight', -taken.n)
  notify_covered(s, taken.n, taken.fields)
end

local function lengthen_list(s)
  if s.z then put(s, 'z', math.min(number(s, 'z') * 2, LIST_LIMIT_MAX)) end
end

-- A session that was refused, or no credentials at all, is no outage: it costs no attempt and is not given up for
-- failing. Where no token can help, the configuration is waited for, as long.
local function without_access(s, c)
  local actor = sent_for(s)
  for _, field in ipairs({'a', 'q', 'y'}) do put(s, field, nil) end
  if (s.fk or '') ~= '' then
    refuse_token(actor, s.fk)
  elseif has_waited_out(s) then
    c.reason = 'no newer session token came: ' .. c.reason
    bury(s, take(s), c)
    c.died = true
    return close(s, false)
  end
  join_back(s)
  put(s, 'w', c.reason)
  actor = actor_of(s)
  if is_session(actor) and not token_of(s, actor) then return await_token(s, actor) end
  put(s, 'u', not is_session(actor) and (s.u or now) or nil)
  schedule(s, is_session(actor) and number(s, 'pt') or now + c.delay_ms)
end

local function again(s, c)
  if c.outcome == 'back' then count('handed_back', 1) end
  if c.wants_token then return without_access(s, c) end
  if c.in_doubt then doubt(s) end
  if c.costs and not s.q then put(s, 'q', now) end
  -- The failures of one outage count once: the breaker holds, and the slot keeps its place in the order of waiting. Not
  -- so a probe's: the next one tries another slot.
  local of_outage = c.verdict == 'unavailable' and law.is_outage(pace) and c.claimed_ms <= pace.open
  -- Only what fails for so long is given up: not what waited for a worker, was throttled, or is a list being halved.
  if c.costs and now - number(s, 'q') >= policy.give_up_ms then
    c.reason = 'gave up: ' .. c.reason
    bury(s, take(s), c)
    c.died = true
    return close(s, false)
  end
  join_back(s)
  if c.costs and not of_outage then add(s, 'a', 1) end
  if c.list_limit ~= '' then put(s, 'z', c.list_limit) end
  if s.y then put(s, 'y', nil) end
  if c.reason ~= '' then put(s, 'w', c.reason) end
  -- It had credentials. A login in its place, or nothing at all, says nothing of them: the wait goes on.
  if s.u and c.took_ms ~= '' then put(s, 'u', nil) end
  -- What was not sent, or refused only because too much was, has failed at nothing: at the queue's end it would wait twice.
  local keeps_place = of_outage or c.outcome == 'back' or c.verdict == 'throttled'
  schedule(s, keeps_place and number(s, 'pt') or now + c.delay_ms)
end

local OUTCOMES = {
  done = function(s, c)
    accept(s, c.letters, c.ids)
    if c.ids ~= '' then lengthen_list(s) end
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
  return {slot = a[1], generation = a[2], claimed_ms = math.floor((tonumber(a[2]) or 0) / TURNS), outcome = a[3],
    letters = a[4], ids = a[5], delay_ms = tonumber(a[6]), costs = a[7] == '1', hold_ms = tonumber(a[8]),
    list_limit = a[9], wants_token = a[10] == '1', in_doubt = a[11] == '1', reason = a[12], status = a[13],
    words = a[14], request_id = a[15], verdict = a[16], took_ms = a[17]}
end

local events = {}
local function answered(c)
  count('puts_' .. c.verdict, 1)
  if c.took_ms ~= '' then observe('put', whole(c.took_ms)) end
  if c.verdict == 'sent' and c.held then observe_wait(c.held, c.claimed_ms) end
  local by_key = c.held and (c.held.fk or '') == ''
  local calls_min, keyless = policy.breaker_calls_min, policy.has_key == 0
  local event = law.answer(pace, cap, now, c.verdict, c.claimed_ms, c.hold_ms, by_key, calls_min, keyless)
  if event then events[#events + 1] = event end
  if c.verdict == 'sent' and c.held and c.held.a then law.give_retry(pace, cap, now, policy.retry_share) end
end

-- First what the answers say of the API as a whole, so that all failures of a batch are seen to be one outage's.
local claims = {}
for at = 1, #ARGV, FIELDS do
  local c = read(at)
  local s = open(c.slot)
  c.held = s and s.ft and s.g == c.generation and is_sound(s) and s or nil
  if c.verdict ~= '' then
    answered(c)
  elseif c.held and not c.in_doubt then
    law.unasked(pace, now, c.claimed_ms)
  end
  claims[#claims + 1] = c
end

local answers, at_rest = {}, {}
for _, c in ipairs(claims) do
  local s = c.held
  -- One claim settled twice in a batch: the first has ended it.
  if s and s.ft and s.g == c.generation then
    local actor = sent_for(s)
    OUTCOMES[c.outcome](s, c)
    write(s)
    if not s.pt and not s.ft and is_session(actor) then at_rest[actor] = true end
    answers[#answers + 1] = c.died and 2 or 1
  else
    count('stale_settles', 1)
    answers[#answers + 1] = 0
  end
end
save_pace()
forget_newest(at_rest)
finish()
for _, event in ipairs(events) do answers[#answers + 1] = event end
return answers
