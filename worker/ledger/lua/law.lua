-- The law of the pace: how fast an application may call, when its failures may be tried again, and when it holds. Pure:
-- a state (`st`, the fields of rs:{app}:pace), the configured rate (`cap`, calls/s; math.huge for none) and the time in
-- ms go in, the state changes, an answer comes out. docs/pace.md has the reason for each constant and a picture;
-- tests/law runs this text over hours of virtual time. Put behind due.lua, before pace.lua.

local law = {}
do
  local SECOND_MS = 1000
  local FLOOR = 1 -- calls/s; below it holds take over
  local BURST_S = 1 / 20

  -- The limit, found by trying: a little below where it was refused, slowly past that point, then quickly.
  local PEAK, LOW = 0.99, 0.96 -- of the limit that was refused: what is taken for the API's own; what is gone back to
  local BEND = 0.02 -- of the peak, per s³
  local KNOWN = 0.1 -- of the peak: this far around it the limit moves slowly
  local ROUND_MS = 250
  local QUARTER_MS, QUARTERS = 250, 16
  local PRESSED_MS = 250
  local REST_CALLS = 100 -- let through before more is tried, since trying costs one or two
  local PROBE_COST = 20 -- no call is risked for so many times the hold that the last one cost
  local REST_MAX_S = 600
  local HOLD_MS, HOLD_MAX_MS, DOUBLINGS_MAX = 1000, 10000, 6

  -- The breaker.
  local HALF_WINDOW_MS = 5000
  local FAILED_SHARE = 0.5
  local OPEN_MS, OPEN_MAX_MS = 5000, 60000
  local HEALTHY_MS = 60000

  local UNLIMITED = 500 -- calls/s that an application without a limit is taken to make
  local function rate_of(rate) return rate == math.huge and UNLIMITED or rate end

  -- The retry budget.
  local TRICKLE = 1 / 10 -- of the share, without any first attempts
  local SAVED_S, SAVED_LEAST = 2, 10

  local function limit(st, cap) return math.min(cap, st.limit or cap) end
  law.limit = limit

  local function doubled(ms, times, most) return math.min(most, ms * 2 ^ math.min(times, DOUBLINGS_MAX)) end

  -- The bucket: smooths. The window (pace.lua) keeps the promise.

  function law.tokens(st, cap, now)
    local rate = limit(st, cap)
    if rate == math.huge then return math.huge end
    local burst = math.max(1, rate * BURST_S)
    local since = math.max(0, now - math.min(st.at or 0, now))
    return math.min(burst, (st.tokens or burst) + since * rate / SECOND_MS)
  end

  function law.spend(st, cap, now, n)
    local left = law.tokens(st, cap, now)
    if left < math.huge then st.tokens, st.at = left - n, now end
  end

  function law.token_wait_ms(st, cap, now)
    local left = law.tokens(st, cap, now)
    if left >= 1 then return 0 end
    return math.ceil((1 - left) * SECOND_MS / limit(st, cap))
  end

  -- The limit over the time for which it was in use since the last cut, in seconds: doubling up to half the peak, then a
  -- cubic through the peak, flat there (as in TCP's CUBIC), then doubling again.
  local function risen(low, peak, rest_s, t)
    local near = math.max(low, peak / 2)
    local doubling_s = math.log(near / low) / math.log(2)
    if t < doubling_s then return low * 2 ^ t end
    t = t - doubling_s
    local bend_s = ((1 - near / peak) / BEND) ^ (1 / 3)
    if t < bend_s then return peak * (1 - BEND * (bend_s - t) ^ 3) end
    t = math.max(0, t - bend_s - rest_s)
    local known_s = (KNOWN / BEND) ^ (1 / 3)
    if t < known_s then return peak * (1 + BEND * t ^ 3) end
    return peak * (1 + KNOWN) * 2 ^ (t - known_s)
  end

  local function forget_limit(st)
    st.limit, st.low, st.peak, st.grown, st.pressed, st.cost, st.blind = nil, nil, nil, nil, nil, nil, nil
  end

  -- More was due than the limit allowed: the time that it has been so counts towards a higher one.
  function law.press(st, cap, now)
    if not st.limit then return end
    local since = now - (st.pressed or 0)
    if since >= 0 and since <= SECOND_MS then st.grown = (st.grown or 0) + math.min(since, PRESSED_MS) end
    st.pressed = now
    local rest_s = st.blind and 0 or math.max(REST_CALLS / st.peak, PROBE_COST * (st.cost or 0) / SECOND_MS)
    st.limit = math.max(FLOOR, risen(st.low, st.peak, math.min(REST_MAX_S, rest_s), (st.grown or 0) / SECOND_MS))
    if st.limit >= cap then forget_limit(st) end
  end

  local function start_from(st, low, peak, now)
    st.peak = math.max(FLOOR, peak)
    st.low = math.max(FLOOR, math.min(low, st.peak))
    st.limit, st.grown, st.pressed = st.low, 0, nil
    st.cut, st.blind = now, nil
    st.round, st.passed, st.refused = nil, nil, nil
    st.tokens, st.at = math.min(0, st.tokens or 0), now
  end

  local function hold(st, now, ms)
    st.hold = math.max(st.hold or 0, now + math.floor(ms))
  end

  -- Calls that were let through, by the quarter of a second in which they were claimed. In the second before a refused
  -- call they are the API's limit, if it was in use; in the four quarters before its own, where its neighbours have no
  -- answers yet.
  local function let_through(st, claimed_ms)
    local quarter = math.floor(claimed_ms / QUARTER_MS)
    local nth = quarter % QUARTERS
    if st['q' .. nth] ~= quarter then st['q' .. nth], st['n' .. nth] = quarter, 0 end
    st['n' .. nth] = st['n' .. nth] + 1
  end

  local function let_through_in(st, quarter)
    local nth = quarter % QUARTERS
    return st['q' .. nth] == quarter and st['n' .. nth] or 0
  end

  local function let_through_before(st, claimed_ms)
    local last = math.floor(claimed_ms / QUARTER_MS)
    local middle = let_through_in(st, last - 3) + let_through_in(st, last - 2) + let_through_in(st, last - 1)
    local first, passed = let_through_in(st, last - 4), claimed_ms / QUARTER_MS - last
    return middle + math.max(first, first * (1 - passed) + let_through_in(st, last))
  end

  -- The half, where nothing says how much is let through; then more is tried sooner.
  local function halve(st, cap, now)
    local half = rate_of(limit(st, cap)) / 2
    start_from(st, half * LOW, half * PEAK, now)
    st.blind = 1
  end

  local function cut(st, cap, now, claimed_ms)
    local was, through = limit(st, cap), let_through_before(st, claimed_ms)
    if through < FLOOR then return halve(st, cap, now) end
    -- What nobody has used says little of the API's limit: then at most a half is taken at once.
    local in_use = was == math.huge or st.pressed and now - st.pressed < 2 * SECOND_MS
    local found = math.min(was, in_use and through or math.max(through, was / 2))
    start_from(st, found * LOW, found * PEAK, now)
  end

  -- Answers to calls that were claimed before the last cut say nothing new. Of those after it a round is counted; when
  -- most of it was refused, the API's second has to pass first.
  local function judge_round(st, cap, now, claimed_ms)
    local refused, passed = st.refused or 0, st.passed or 0
    st.round, st.passed, st.refused = nil, nil, nil
    if refused < 2 and refused <= passed then return end
    if refused <= passed then return cut(st, cap, now, claimed_ms) end
    hold(st, now, doubled(HOLD_MS, st.holds or 0, HOLD_MAX_MS))
    st.holds = (st.holds or 0) + 1
    halve(st, cap, now)
  end

  local function in_round(st, claimed_ms)
    return st.round or claimed_ms - (st.cut or 0) <= SECOND_MS + ROUND_MS
  end

  local function throttled(st, cap, now, claimed_ms, asked_ms)
    if asked_ms > 0 then
      hold(st, now, asked_ms)
      st.cost = asked_ms
    end
    if claimed_ms < (st.cut or 0) then return end
    if not in_round(st, claimed_ms) then return cut(st, cap, now, claimed_ms) end
    st.round = st.round or now
    st.refused = (st.refused or 0) + 1
    if now - st.round >= ROUND_MS then judge_round(st, cap, now, claimed_ms) end
  end

  local function passed(st, cap, now, claimed_ms)
    st.holds = nil
    let_through(st, claimed_ms)
    if not st.cut or claimed_ms < st.cut or not in_round(st, claimed_ms) then return end
    st.round = st.round or now
    st.passed = (st.passed or 0) + 1
    if now - st.round >= ROUND_MS then judge_round(st, cap, now, claimed_ms) end
  end

  -- The breaker: failures and calls of two half windows.
  local function turn_window(st, now)
    local age = now - (st.w_at or 0)
    if age >= 0 and age < HALF_WINDOW_MS then return end
    if age >= HALF_WINDOW_MS and age < 2 * HALF_WINDOW_MS then
      st.w_calls_before, st.w_failed_before = st.w_calls, st.w_failed
    else
      st.w_calls_before, st.w_failed_before = nil, nil
    end
    st.w_at, st.w_calls, st.w_failed = now, nil, nil
  end

  local function forget_window(st)
    st.w_at, st.w_calls, st.w_failed, st.w_calls_before, st.w_failed_before = nil, nil, nil, nil, nil
  end

  local function count_call(st, now, failed)
    turn_window(st, now)
    st.w_calls = (st.w_calls or 0) + 1
    if failed then st.w_failed = (st.w_failed or 0) + 1 end
  end

  local function is_failing(st, calls_min)
    local calls = (st.w_calls or 0) + (st.w_calls_before or 0)
    local failed = (st.w_failed or 0) + (st.w_failed_before or 0)
    return calls >= calls_min and failed >= calls * FAILED_SHARE
  end

  -- Answers the event that somebody has to be told of: a probe that failed is no news, and an outage that comes back
  -- before a minute of health is the same.
  local function open(st, cap, now, why, open_ms)
    local same = st.why == why and st.outage and (st.open or now - (st.closed or now) < HEALTHY_MS)
    local before = limit(st, cap)
    if not st.open then st.before = before < math.huge and before or nil end
    if not same then st.outage, st.opens = now, 0 end
    -- Since when, also where a probe has failed: what was claimed since then is a probe.
    st.open, st.why = st.open or now, why
    st.till = now + (open_ms or doubled(OPEN_MS, st.opens or 0, OPEN_MAX_MS))
    st.opens = (st.opens or 0) + 1
    forget_window(st)
    if not same then return 'opened ' .. why end
  end

  local function close(st, now)
    st.open, st.till, st.closed = nil, nil, now
    local known = st.before or st.peak
    start_from(st, FLOOR, math.max(st.before or FLOOR, st.peak or 0), now)
    if not known then st.blind = 1 end
    st.before = nil
    return 'closed ' .. st.why
  end

  function law.is_outage(st) return st.open ~= nil and st.why == 'outage' end

  -- What an answer of the API, or the lack of one, changes.
  --   verdict     sent, rejected, throttled, unavailable, unauthorized
  --   claimed_ms  when the call was claimed
  --   asked_ms    how long the API asked to be left alone, or how long a refused key is left alone; 0 for nothing
  --   by_key      whether it was sent with the API key; nil where that is not known any more
  --   calls_min   fewest calls in the breaker's window for it to open
  -- answers       an event: 'opened outage', 'opened key', 'closed outage', 'closed key'; or nil
  function law.answer(st, cap, now, verdict, claimed_ms, asked_ms, by_key, calls_min)
    -- A probe; what was claimed in the millisecond in which it opened was claimed before.
    local asked_after = st.open and claimed_ms > st.open
    if verdict == 'throttled' then
      throttled(st, cap, now, claimed_ms, asked_ms)
      if asked_after and st.why == 'outage' then return close(st, now) end
    elseif verdict == 'unavailable' then
      if st.open then
        return asked_after and st.why == 'outage' and open(st, cap, now, 'outage') or nil
      end
      count_call(st, now, true)
      if is_failing(st, calls_min) then return open(st, cap, now, 'outage') end
    elseif verdict == 'unauthorized' and by_key and asked_ms > 0 then
      if not st.open or asked_after then return open(st, cap, now, 'key', asked_ms) end
      st.till = math.max(st.till, now + asked_ms)
    else
      passed(st, cap, now, claimed_ms)
      if st.open then
        if asked_after and (st.why == 'outage' or by_key) then return close(st, now) end
        -- A session's call says nothing of the key: the next one may.
        if asked_after and by_key == false then st.till = now end
      else
        count_call(st, now, false)
      end
    end
  end

  -- How long nothing may be claimed.
  function law.held_ms(st, now)
    return math.max(0, (st.hold or 0) - now, st.open and st.till - now or 0)
  end

  -- An open breaker lets one call through and waits for its answer, or until its lease is over.
  function law.probing(st, now, lease_ms)
    if not st.open then return false end
    st.till = now + lease_ms
    return true
  end

  -- The retry budget: each first attempt earns a share of a retry, and some come with time. A retry that succeeds costs
  -- nothing (give_retry): what is bounded is trying in vain.
  local function retries_per_s(st, cap, share)
    return math.max(FLOOR, rate_of(limit(st, cap)) * share * TRICKLE)
  end

  local function retries_most(st, cap, share)
    return math.max(SAVED_LEAST, retries_per_s(st, cap, share) / TRICKLE * SAVED_S)
  end

  function law.retries(st, cap, now, share)
    local most = retries_most(st, cap, share)
    local since = math.max(0, now - math.min(st.r_at or 0, now))
    return math.min(most, (st.retries or most) + since * retries_per_s(st, cap, share) / SECOND_MS)
  end

  local function keep_retries(st, cap, now, share, left)
    if left >= retries_most(st, cap, share) then
      st.retries, st.r_at = nil, nil
    else
      st.retries, st.r_at = left, now
    end
  end

  function law.take_retries(st, cap, now, share, firsts, retries)
    if retries == 0 and not st.retries then return end -- full, as it is in good times
    keep_retries(st, cap, now, share, law.retries(st, cap, now, share) + firsts * share - retries)
  end

  function law.give_retry(st, cap, now, share)
    keep_retries(st, cap, now, share, law.retries(st, cap, now, share) + 1)
  end

  -- When the nth retry from now on will have come.
  function law.retry_wait_ms(st, cap, share, nth)
    return math.ceil(nth * SECOND_MS / retries_per_s(st, cap, share))
  end
end
