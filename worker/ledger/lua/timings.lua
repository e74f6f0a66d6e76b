-- Histograms, among the accounts: a count for each bound (`wait_le_500`, `wait_le_inf`) and the sum (`wait_ms`). Counted
-- by the step that settles, so they are exact across processes, and a worker that dies takes nothing along. The bounds
-- are timings.py's.

local function observe(name, ms)
  local bound = 'inf'
  for _, most in ipairs(BOUNDS_MS[name]) do
    if ms <= most then
      bound = most
      break
    end
  end
  count(name .. '_le_' .. bound, 1)
  count(name .. '_ms', ms)
end

-- Of garbage nothing can be said.
local function observe_wait(s, claimed_ms)
  local since = number(s, 'ft')
  if since > 0 then observe('wait', math.max(0, claimed_ms - since)) end
end
