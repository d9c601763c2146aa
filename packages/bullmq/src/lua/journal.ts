// Scripts of the journal. Under the prefix:
//   arrivals:<ring>      sorted set: ids of deliveries by time; two rings, v for verified deliveries and u for others
//   arrived:<ring>       hash: id, its row as JSON
//   arrivals:<ring>:size bytes of the rows and of what is kept with them
//   kept:<ring>          hash: id, head and body of a refused delivery
//   slots:<ring>         hash: place of what is kept of a refused delivery, its id
//   series:<day>         hash: name of a series, its number in the hours of that day
//   minutes:<hour>, gauges:<hour>           hash: minute, counts and gauges of its series, packed
//   hours:<day>, hour-gauges:<day>          hash: the same by hour
//   journal              hash: lost, deliveries that were not kept

/**
 * Adds deliveries to a ring and takes away what is over its bounds. KEYS: prefix; ARGV: ring, most rows, most bytes,
 * oldest time kept, then for each delivery id, time, row, kept and its slot (empty without it).
 */
export const ARRIVE: string = `
local prefix, ring = KEYS[1], ARGV[1]
local ids, rows, kept = prefix .. ':arrivals:' .. ring, prefix .. ':arrived:' .. ring, prefix .. ':kept:' .. ring
local size = ids .. ':size'
local function drop(id)
  redis.call('DECRBY', size, redis.call('HSTRLEN', rows, id) + redis.call('HSTRLEN', kept, id))
  redis.call('HDEL', rows, id)
  redis.call('HDEL', kept, id)
end
-- A size that is no number is worked out again.
local known = redis.pcall('GET', size)
if known and (type(known) == 'table' or #known > 15 or not known:match('^%-?%d+$')) then
  local sum = 0
  for _, id in ipairs(redis.call('HKEYS', rows)) do
    sum = sum + redis.call('HSTRLEN', rows, id) + redis.call('HSTRLEN', kept, id)
  end
  redis.call('SET', size, sum)
end
for i = 5, #ARGV, 5 do
  local id, slot = ARGV[i], ARGV[i + 4]
  if redis.call('HSETNX', rows, id, ARGV[i + 2]) == 1 then
    redis.call('ZADD', ids, ARGV[i + 1], id)
    redis.call('INCRBY', size, #ARGV[i + 2])
    if slot ~= '' then
      local slots = prefix .. ':slots:' .. ring
      local old = redis.call('HGET', slots, slot)
      if old then
        redis.call('DECRBY', size, redis.call('HSTRLEN', kept, old))
        redis.call('HDEL', kept, old)
      end
      redis.call('HSET', slots, slot, id)
      redis.call('HSET', kept, id, ARGV[i + 3])
      redis.call('INCRBY', size, #ARGV[i + 3])
    end
  end
end
local function over(found)
  for at = 1, #found do
    drop(found[at])
    redis.call('ZREM', ids, found[at])
  end
  return #found > 0
end
over(redis.call('ZRANGEBYSCORE', ids, '-inf', '(' .. ARGV[4], 'LIMIT', 0, 1000))
local more = redis.call('ZCARD', ids) - tonumber(ARGV[2])
if more > 0 then over(redis.call('ZRANGE', ids, 0, math.min(more, 1000) - 1)) end
while tonumber(redis.call('GET', size) or 0) > tonumber(ARGV[3]) and over(redis.call('ZRANGE', ids, 0, 9)) do end
return 1`

/**
 * Numbers of series. KEYS: prefix; ARGV: day, most series, when the table may go, names. Replies a number each, 0 if
 * there are too many.
 */
export const SERIES: string = `
local key, numbers = KEYS[1] .. ':series:' .. ARGV[1], {}
for i = 4, #ARGV do
  local number = redis.call('HGET', key, ARGV[i])
  if not number then
    number = redis.call('HLEN', key) + 1
    if number > tonumber(ARGV[2]) then number = 0 else redis.call('HSET', key, ARGV[i], number) end
  end
  numbers[#numbers + 1] = tonumber(number)
end
redis.call('PEXPIREAT', key, ARGV[3])
return numbers`

/**
 * Replaces a field of a hash if it still is what was read. KEYS: prefix; ARGV: name of the hash, field, what was read
 * (empty: nothing), what it becomes, when the hash may go. Replies 1 if it did.
 */
export const SWAP: string = `
local key = KEYS[1] .. ':' .. ARGV[1]
if (redis.call('HGET', key, ARGV[2]) or '') ~= ARGV[3] then return 0 end
redis.call('HSET', key, ARGV[2], ARGV[4])
redis.call('PEXPIREAT', key, ARGV[5])
return 1`
