-- The retry budget: each first attempt earns a share of a retry, and some come with time. A retry that succeeds costs
-- nothing (give_retry): what is bounded is trying in vain. The law's third part, behind law.lua.

do
  local TRICKLE = 1 / 10 -- of the share, without any first attempts
  local SAVED_S, SAVED_LEAST = 2, 10

  local function retries_per_s(st, cap, share)
    return math.max(law.FLOOR, law.rate_of(law.limit(st, cap)) * share * TRICKLE)
  end

  local function retries_most(st, cap, share)
    return math.max(SAVED_LEAST, retries_per_s(st, cap, share) / TRICKLE * SAVED_S)
  end

  function law.retries(st, cap, now, share)
    local most = retries_most(st, cap, share)
    local since = math.max(0, now - math.min(st.r_at or 0, now))
    return math.min(most, (st.retries or most) + since * retries_per_s(st, cap, share) / law.SECOND_MS)
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
    return math.ceil(nth * law.SECOND_MS / retries_per_s(st, cap, share))
  end
end
