-- Keys of another type whose loss costs no receipt are set aside by name, and work goes on: doorbells ring anew, the
-- pace begins anew, and what stood there was no dead letter. Put behind due.lua.

local broken_key = prefix .. ':broken'
local KINDS = {{broken_key, 'hash'}, {prefix .. ':dead', 'stream'}, {prefix .. ':permits', 'zset'},
  {prefix .. ':pace', 'hash'},
  {prefix .. ':window', 'zset'}, {prefix .. ':policy', 'hash'}}
for _, pair in ipairs(KINDS) do
  local key, kind = pair[1], pair[2]
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then
    local name = string.sub(key, #prefix + 2)
    redis.call('RENAME', key, broken_key .. ':' .. name)
    redis.call('HSET', broken_key, name, 'a ' .. found .. ', should be a ' .. kind .. '; now ' .. broken_key .. ':' .. name)
  end
end
