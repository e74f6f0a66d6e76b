-- Notices: what the application asked to be told of its receipts, covered or dead (docs/hooks.md). Written by the same
-- call that settles, so that none is lost with its worker; none at all while the policy keeps none. Put behind letters.lua.

local function notices_key() return prefix .. ':notices' end

-- Texts stay where they are sent, or buried.
local function without_text(fields)
  local kept = {}
  for i = 1, #fields, 2 do
    if fields[i] ~= 'text' then
      kept[#kept + 1] = fields[i]
      kept[#kept + 1] = fields[i + 1]
    end
  end
  return kept
end

-- What nobody has read by then makes room for what is newer, and is counted.
local function notify(...)
  if policy.notices_max == 0 then return end
  append(notices_key(), ...)
  local over = redis.call('XLEN', notices_key()) - policy.notices_max
  if over > 0 then
    count('notices_lost', redis.call('XTRIM', notices_key(), 'MAXLEN', math.floor(policy.notices_max)))
  end
end

local function notify_covered(s, n, fields)
  if n == 0 then return end
  notify('outcome', 'covered', 'slot', s.slot, 'receipts', n, 'recorded_ms', s.ft, 'ended_ms', now,
    unpack(without_text(fields)))
end

local function notify_dead(s, n, why, letter, fields)
  if n == 0 then return end
  notify('outcome', 'dead', 'slot', s.slot, 'receipts', n, 'recorded_ms', s.ft, 'ended_ms', now, 'reason', why.reason,
    'status', why.status or '', 'letter', letter, unpack(without_text(fields)))
end
