-- The law of the pace: how fast an application may call, when its failures may be tried again, and when it holds. Pure:
-- a state (`st`, the fields of rs:{app}:pace), the configured rate (`cap`, calls/s; math.huge for none) and the time in
-- ms go in, the state changes, an answer comes out. docs/pace.md has the reason for each constant and a picture;
-- tests/law runs this text over hours of virtual time. Three parts: the limit (this one), retries.lua, breaker.lua; put
-- behind due.lua, before pace.lua.

local law = {SECOND_MS = 1000, FLOOR = 1} -- calls/s; below it holds take over

local UNLIMITED = 500 -- calls/s that an application without a limit is taken to make
function law.rate_of(rate) return rate == math.huge and UNLIMITED or rate end

local DOUBLINGS_MAX = 6
function law.doubled(ms, times, most) return math.min(most, ms * 2 ^ math.min(times, DOUBLINGS_MAX)) end

do
  local SECOND_MS, FLOOR = law.SECOND_MS, law.FLOOR
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
  local HOLD_MS, HOLD_MAX_MS = 1000, 10000

  local function limit(st, cap) return math.min(cap, st.limit or cap) end
  law.limit = limit

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

  -- Begins to rise anew.
  function law.start_from(st, low, peak, now)
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
    local half = law.rate_of(limit(st, cap)) / 2
    law.start_from(st, half * LOW, half * PEAK, now)
    st.blind = 1
  end

  local function cut(st, cap, now, claimed_ms)
    local was, through = limit(st, cap), let_through_before(st, claimed_ms)
    if through < FLOOR then return halve(st, cap, now) end
    -- What nobody has used says little of the API's limit: then at most a half is taken at once.
    local in_use = was == math.huge or st.pressed and now - st.pressed < 2 * SECOND_MS
    local found = math.min(was, in_use and through or math.max(through, was / 2))
    law.start_from(st, found * LOW, found * PEAK, now)
  end

  -- Answers to calls that were claimed before the last cut say nothing new. Of those after it a round is counted; when
  -- most of it was refused, the API's second has to pass first.
  local function judge_round(st, cap, now, claimed_ms)
    local refused, passed = st.refused or 0, st.passed or 0
    st.round, st.passed, st.refused = nil, nil, nil
    if refused < 2 and refused <= passed then return end
    if refused <= passed then return cut(st, cap, now, claimed_ms) end
    hold(st, now, law.doubled(HOLD_MS, st.holds or 0, HOLD_MAX_MS))
    st.holds = (st.holds or 0) + 1
    halve(st, cap, now)
  end

  local function in_round(st, claimed_ms)
    return st.round or claimed_ms - (st.cut or 0) <= SECOND_MS + ROUND_MS
  end

  -- Refused; `asked_ms` is how long the API asked to be left alone, 0 for nothing.
  function law.throttled(st, cap, now, claimed_ms, asked_ms)
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

  -- Let through, whatever its answer.
  function law.passed(st, cap, now, claimed_ms)
    st.holds = nil
    let_through(st, claimed_ms)
    if not st.cut or claimed_ms < st.cut or not in_round(st, claimed_ms) then return end
    st.round = st.round or now
    st.passed = (st.passed or 0) + 1
    if now - st.round >= ROUND_MS then judge_round(st, cap, now, claimed_ms) end
  end
end
