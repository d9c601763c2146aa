// Scripts for the journal of deliveries and for the records. A ring is a bounded list of deliveries; a source is the
// sender of a request. Keys, all after the prefix:
//   ring:<ring>     sorted set: ids of deliveries, which sort by time. Rings: `verified` and `strangers`
//   rows:<ring>     hash: id → its time, a space and its row
//   kept:<ring>     hash: id → the stored request of a rejected delivery
//   source:<ring>   hash: source → the id of its stored request
//   bytes:<ring>    total size of rows and stored requests in bytes
//   series          hash: name of a series → its number, a space and the last day of its use
//   series:last     the last number that a series got
//   at:<kind>       sorted set: times at which spans start
//   span:<kind>     hash: start of a span → the packed counts of that span
//   lost            number of deliveries that were not kept

/**
 * Adds deliveries to a ring. KEYS: prefix; ARGV: ring, then for each delivery its id, row, stored request, and the
 * source of that request (both empty without a request).
 */
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

/**
 * Drops the oldest rows of a ring. KEYS: prefix; ARGV: ring, maximum number of rows, maximum bytes, oldest time to
 * keep, maximum number of rows to drop in this call. Replies the number of dropped rows.
 */
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

/**
 * Lists deliveries. KEYS: prefix; ARGV: an id to start below (empty: start with the newest), maximum number of rows,
 * rings. Replies id, ring and row of each delivery: ring by ring, each newest first.
 */
export const PAGE: string = `
local found, top = {}, ARGV[1] == '' and '+' or '(' .. ARGV[1]
for i = 3, #ARGV do
  for _, id in ipairs(redis.call('ZREVRANGEBYLEX', KEYS[1] .. ':ring:' .. ARGV[i], top, '-', 'LIMIT', 0, ARGV[2])) do
    found[#found + 1] = {id, ARGV[i], redis.call('HGET', KEYS[1] .. ':rows:' .. ARGV[i], id) or ''}
  end
end
return found`

/**
 * Returns numbers for names of series. KEYS: prefix; ARGV: day, maximum number of series, names. Replies the number of
 * each series, or 0 for a new series above the maximum.
 */
export const SERIES: string = `
local key, numbers = KEYS[1] .. ':series', {}
for i = 3, #ARGV do
  local number = (redis.call('HGET', key, ARGV[i]) or ''):match('^%d+')
  if not number and redis.call('HLEN', key) < tonumber(ARGV[2]) then number = redis.call('INCR', key .. ':last') end
  if number then redis.call('HSET', key, ARGV[i], number .. ' ' .. ARGV[1]) end
  numbers[#numbers + 1] = tonumber(number or 0)
end
return numbers`

/**
 * Replaces all given spans, or none if one of them has changed. KEYS: prefix; ARGV: for each span its kind, time, old
 * bytes and new bytes (empty: none). Replies 1 if the spans were replaced, otherwise 0.
 */
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

/**
 * Sets or deletes a record. KEYS: hash of records; ARGV: key, expected version, new JSON (absent: delete). Replies 1 if
 * the version was as expected, otherwise 0.
 */
export const SET_RECORD: string = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local version = known and tonumber(known:match('^%d+')) or 0
if version ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] then redis.call('HSET', KEYS[1], ARGV[1], (version + 1) .. ' ' .. ARGV[3])
else redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`
