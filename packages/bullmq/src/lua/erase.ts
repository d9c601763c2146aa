// Scripts of erasing. Keys and fields: store.ts.

/**
 * Erases the contents of events without open jobs. KEYS: prefix; ARGV: 1 for those alone that `stored` marked and that no
 * failed job holds back, then for each event name, event and head as they shall be (empty: changes nothing). Replies the
 * names of those that fit.
 */
export const ERASE: string = `
local prefix, names = KEYS[1], {}
local function rests(jobs)
  for ref in jobs:gmatch('[^\\n]+') do
    if redis.call('EXISTS', prefix .. ':' .. ref) == 1 then
      local queue, id = ref:match('^(.*):(.-)$')
      local base = prefix .. ':' .. queue
      if not redis.call('ZSCORE', base .. ':completed', id) then
        if ARGV[1] == '1' or not redis.call('ZSCORE', base .. ':failed', id) then return false end
      end
    end
  end
  return true
end
for i = 2, #ARGV, 3 do
  local key = prefix .. ':event:' .. ARGV[i]
  local event = redis.pcall('HMGET', key, 'j', 'd', 'x')
  local wanted = event[1] and event[3] ~= 'e' and (ARGV[1] ~= '1' or event[3] == 'p')
  if wanted and rests(event[1]) then
    names[#names + 1] = ARGV[i]
    if ARGV[i + 1] ~= '' then
      redis.call('HSET', key, 'x', 'e', 'e', ARGV[i + 1], 'h', ARGV[i + 2], 'b', '')
      redis.call('HDEL', key, 'd')
      redis.call('ZREM', prefix .. ':passing', ARGV[i])
      if event[2] then
        local delivery = prefix .. ':delivery:' .. event[2]
        local needed = redis.pcall('HINCRBY', delivery, 'n', -1)
        if type(needed) == 'number' and needed <= 0 then redis.call('DEL', delivery) end
      end
    end
  end
end
return names`
