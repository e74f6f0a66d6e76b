-- Keys of another type whose loss costs no receipt are set aside by name, and work goes on: doorbells ring anew, the
-- pace begins anew, and what stood there was no dead letter. Put behind due.lua.

local function set_key_aside(key, why)
  local name, broken_key = string.sub(key, #prefix + 2), prefix .. ':broken'
  redis.call('RENAME', key, broken_key .. ':' .. name)
  redis.call('HSET', broken_key, name, why .. '; now ' .. broken_key .. ':' .. name)
end
local function spare(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then set_key_aside(key, 'a ' .. found .. ', should be a ' .. kind) end
end
local function spare_keys()
  spare(prefix .. ':broken', 'hash')
  spare(prefix .. ':dead', 'stream')
  spare(prefix .. ':permits', 'zset')
  spare(prefix .. ':pace', 'hash')
  spare(prefix .. ':window', 'zset')
  spare(prefix .. ':policy', 'hash')
end
