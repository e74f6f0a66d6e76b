-- Keys of another type whose loss costs no receipt are set aside by name, and work goes on: doorbells ring anew, the
-- pace begins anew, and what stood there was no dead letter. Put behind tokens.lua.

local KIND = {H = 'hash', X = 'stream', Z = 'zset'} -- by a command's first letter

local set_key_aside
-- A command on such a key. That it is of another type is found by trying: asking first, for each key by each call, would
-- take a fifth of the call's time (docs/decisions/0021-functions.md).
local function spared(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then
    local found = redis.call('TYPE', key).ok
    set_key_aside(key, 'a ' .. found .. ', should be a ' .. KIND[string.sub(command, 1, 1)])
  end
  return redis.call(command, key, ...)
end

local function tell_broken(what, why) spared('HSET', prefix .. ':broken', what, why) end

function set_key_aside(key, why)
  local name = string.sub(key, #prefix + 2)
  local there = prefix .. ':broken:' .. name
  redis.call('RENAME', key, there)
  tell_broken(name, why .. '; now ' .. there)
end
