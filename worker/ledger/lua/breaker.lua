-- The breaker: when an application is left alone, and what an answer of the API changes. The law's second part, behind
-- law.lua.

do
  local HALF_WINDOW_MS = 5000
  local FAILED_SHARE = 0.5
  local OPEN_MS, OPEN_MAX_MS = 5000, 60000
  local HEALTHY_MS = 60000

  function law.is_outage(st) return st.open ~= nil and st.why == 'outage' end

  -- Failures and calls of two half windows.
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
  -- before a minute of health is the same, reopened.
  local function open(st, cap, now, why, open_ms)
    local same = st.why == why and st.outage and (st.open or now - (st.closed or now) < HEALTHY_MS)
    if law.is_outage(st) and why ~= 'outage' then st.over = now end
    local before, was_shut = law.limit(st, cap), not st.open
    if was_shut then st.before = before < math.huge and before or nil end
    if not same then st.outage, st.opens, st.idle, st.idle_till = now, 0, nil, nil end
    -- Since when, also where a probe has failed: what was claimed since then is a probe.
    st.open, st.why = st.open or now, why
    st.till = now + (open_ms or law.doubled(OPEN_MS, st.opens or 0, OPEN_MAX_MS))
    st.opens, st.probe = (st.opens or 0) + 1, nil
    forget_window(st)
    if not same then return 'opened ' .. why end
    if was_shut then return 'reopened ' .. why end
  end

  local function close(st, now)
    if law.is_outage(st) then st.over = now end
    st.open, st.till, st.probe, st.closed = nil, nil, nil, now
    local known = st.before or st.peak
    law.start_from(st, law.FLOOR, math.max(st.before or law.FLOOR, st.peak or 0), now)
    if not known then st.blind = 1 end
    st.before = nil
    return 'closed ' .. st.why
  end

  -- What an answer of the API, or the lack of one, changes.
  --   verdict     sent, rejected, throttled, unavailable, unauthorized
  --   claimed_ms  when the call was claimed
  --   asked_ms    how long the API asked to be left alone, or how long a refused key is left alone; 0 for nothing
  --   by_key      whether it was sent with the API key; nil where that is not known any more
  --   calls_min   fewest calls in the breaker's window for it to open
  --   keyless     whether there is no API key any more
  -- answers       an event: 'opened', 'reopened' or 'closed', and 'outage' or 'key'; or nil
  function law.answer(st, cap, now, verdict, claimed_ms, asked_ms, by_key, calls_min, keyless)
    -- A probe; what was claimed in the millisecond in which it opened was claimed before.
    local asked_after = st.open and claimed_ms > st.open
    if verdict == 'throttled' then
      law.throttled(st, cap, now, claimed_ms, asked_ms)
      if asked_after and st.why == 'outage' then return close(st, now) end
    elseif verdict == 'unavailable' then
      if st.open then
        return asked_after and st.why == 'outage' and open(st, cap, now, 'outage') or nil
      end
      count_call(st, now, true)
      if is_failing(st, calls_min) then return open(st, cap, now, 'outage') end
    elseif verdict == 'unauthorized' and by_key and asked_ms > 0 then
      st.refused = now
      if not st.open or asked_after then return open(st, cap, now, 'key', asked_ms) end
      st.till, st.probe = math.max(st.till, now + asked_ms), nil
    else
      law.passed(st, cap, now, claimed_ms)
      if st.open then
        if asked_after and (st.why == 'outage' or by_key or keyless) then return close(st, now) end
        -- A session's call says nothing of the key: the next one may, unless the key was refused meanwhile.
        if asked_after and by_key == false and claimed_ms > (st.refused or 0) then st.till = now end
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
    st.till, st.probe = now + lease_ms, now
    return true
  end

  -- A probe's claim has ended, and no call was made: the API was asked nothing, and the next may ask it at once.
  function law.unasked(st, now, claimed_ms)
    if st.open and st.probe == claimed_ms then st.till, st.probe = now, nil end
  end

  -- The longest time in one outage in which the API might have been asked and nobody did: a pause, or no workers.
  function law.left_alone(st, now)
    if not law.is_outage(st) or now - st.till <= (st.idle_till or 0) - (st.idle or 0) then return end
    st.idle, st.idle_till = st.till, now
  end

  -- How much of the time since then was a wait for a worker, the rate or a pause, and no outage.
  function law.waited_ms(st, now, since)
    local outage_till = law.is_outage(st) and now or st.over or 0
    local idle = math.min(st.idle_till or 0, now) - math.max(st.idle or 0, since)
    return math.max(0, idle) + math.max(0, now - math.max(since, outage_till))
  end
end
