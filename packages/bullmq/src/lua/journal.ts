// Scripts of the journal and the records. Under the prefix:
//   ring:<ring>     sorted set of ids of deliveries, which sort by time: `verified` ones, and `strangers`
//   rows:<ring>     hash: id, its time, a space and its row
//   kept:<ring>     hash: id, the stored request of a rejected delivery;  source:<ring>: hash: source, its id
//   bytes:<ring>    bytes of both
//   series          hash: name of a series, its number, a space and the last day of its use;  series:last: the last number
//   at:<kind>       sorted set of times at which spans start;  span:<kind>: hash: time, the counts of that span, packed
//   lost            deliveries that were not kept

/** Adds deliveries to a ring. KEYS: prefix; ARGV: ring, then for each delivery id, row, stored request and its source (empty without one). */
export const ARRIVE: string = `
local function key(name) return KEYS[1] .. ':' .. name .. ':' .. ARGV[1] end
for i = 2, #ARGV, 4 do
  local id, row, kept, source = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if redis.call('HSETNX', key('rows'), id, row) == 1 then
    local size = #row + #kept
    redis.call('ZADD', key('ring'), 0, id)
    if source ~= '' then
      local old = redis.call('HGET', key('source'), source)
      if old then
        size = size - redis.call('HSTRLEN', key('kept'), old)
        redis.call('HDEL', key('kept'), old)
      end
      redis.call('HSET', key('source'), source, id)
      redis.call('HSET', key('kept'), id, kept)
    end
    redis.pcall('INCRBY', key('bytes'), size)
  end
end
return 1`

/** Drops the oldest rows of a ring. KEYS: prefix; ARGV: ring, maximum rows, maximum bytes, oldest time to keep, maximum rows of this call. Replies how many it dropped. */
export const TRIM: string = `
local function key(name) return KEYS[1] .. ':' .. name .. ':' .. ARGV[1] end
local rows, most, oldest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function sizeOf(id) return redis.call('HSTRLEN', key('rows'), id) + redis.call('HSTRLEN', key('kept'), id) end
local bytes = redis.pcall('GET', key('bytes'))
if type(bytes) == 'string' and #bytes < 16 and bytes:match('^%-?%d+$') then bytes = tonumber(bytes)
else
  bytes = 0
  for _, id in ipairs(redis.call('HKEYS', key('rows'))) do bytes = bytes + sizeOf(id) end
end
local left = redis.call('ZCARD', key('ring'))
local all = left
for _, id in ipairs(redis.call('ZRANGE', key('ring'), 0, ARGV[5] - 1)) do
  local at = tonumber((redis.call('HGET', key('rows'), id) or ''):match('^%d+')) or 0
  if left <= rows and bytes <= most and at >= oldest then break end
  left, bytes = left - 1, bytes - sizeOf(id)
  redis.call('HDEL', key('rows'), id)
  redis.call('HDEL', key('kept'), id)
  redis.call('ZREM', key('ring'), id)
end
redis.call('SET', key('bytes'), bytes)
return all - left`

/** KEYS: prefix; ARGV: an id (empty: from the newest), maximum rows, rings. Replies id, ring and row of deliveries below the id, newest first. */
export const PAGE: string = `
local found, top = {}, ARGV[1] == '' and '+' or '(' .. ARGV[1]
for i = 3, #ARGV do
  for _, id in ipairs(redis.call('ZREVRANGEBYLEX', KEYS[1] .. ':ring:' .. ARGV[i], top, '-', 'LIMIT', 0, ARGV[2])) do
    found[#found + 1] = {id, ARGV[i], redis.call('HGET', KEYS[1] .. ':rows:' .. ARGV[i], id) or ''}
  end
end
return found`

/** KEYS: prefix; ARGV: day, maximum number of series, names. Replies the number of each series, 0 above the maximum. */
export const SERIES: string = `
local key, numbers = KEYS[1] .. ':series', {}
for i = 3, #ARGV do
  local number = (redis.call('HGET', key, ARGV[i]) or ''):match('^%d+')
  if not number and redis.call('HLEN', key) < tonumber(ARGV[2]) then number = redis.call('INCR', key .. ':last') end
  if number then redis.call('HSET', key, ARGV[i], number .. ' ' .. ARGV[1]) end
  numbers[#numbers + 1] = tonumber(number or 0)
end
return numbers`

/** Replaces spans if none has changed. KEYS: prefix; ARGV: for each span kind, time, old bytes and new bytes (empty: none). */
export const SWAP: string = `
for i = 1, #ARGV, 4 do
  if (redis.call('HGET', KEYS[1] .. ':span:' .. ARGV[i], ARGV[i + 1]) or '') ~= ARGV[i + 2] then return 0 end
end
for i = 1, #ARGV, 4 do
  local spans, times, at = KEYS[1] .. ':span:' .. ARGV[i], KEYS[1] .. ':at:' .. ARGV[i], ARGV[i + 1]
  if ARGV[i + 3] == '' then
    redis.call('HDEL', spans, at)
    redis.call('ZREM', times, at)
  else
    redis.call('HSET', spans, at, ARGV[i + 3])
    redis.call('ZADD', times, at, at)
  end
end
return 1`

/** KEYS: hash of records; ARGV: key, expected version, new JSON (absent: delete). Replies 1 if the version was as expected. */
export const SET_RECORD: string = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local version = known and tonumber(known:match('^%d+')) or 0
if version ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] then redis.call('HSET', KEYS[1], ARGV[1], (version + 1) .. ' ' .. ARGV[3])
else redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`
