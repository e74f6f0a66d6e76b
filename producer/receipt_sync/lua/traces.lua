-- Traces: the producers' calls that a slot's receipts came from, for the links of their PUT: the last few, each with a comma
-- in front, of the pending half and of the half in flight. Nothing hangs on them (docs/decisions/0029). Put behind join.lua.

local TRACES_MAX = 4
local TRACE_WIDTH = 56

local function came_from(s, trace)
  local known = s.pj or ''
  if #trace + 1 ~= TRACE_WIDTH or string.find(known, trace, 1, true) then return end
  known = known .. ',' .. trace
  if #known > TRACES_MAX * TRACE_WIDTH then known = string.sub(known, TRACE_WIDTH + 1) end
  put(s, 'pj', known)
end

-- Those of a flight that is joined back are the older ones.
local function trace_back(s)
  local newer = s.pj or ''
  put(s, 'pj', s.fj)
  for trace in string.gmatch(newer, '[^,]+') do came_from(s, trace) end
end
