// Reads a key that may be damaged. A key of another type counts as missing. Any other error is raised, for example a
// missing permission: an event that cannot be read now must be neither acknowledged nor dropped.
export const READ_FUNCTION: string = `
local function read(...)
  local found = redis.pcall(...)
  if type(found) ~= 'table' or not found.err then return found end
  if not found.err:find('WRONGTYPE', 1, true) then error(found) end
  return false
end
`

// A turn is the number that orders the tasks of a queue fairly over tenants. A new turn of a tenant is above the last
// turn of this tenant, and above the virtual time of the queue. The virtual time is the highest claimed turn, or the
// first waiting job's turn minus 1 if that number is higher.
// A turn is stored as BullMQ's priority. BullMQ's score of a job is its priority times 2^32 plus a count, and the
// highest priority is 2^21. So turns must start again at 0. They start again only while no job waits for its turn, in
// one of two cases: about half of all turns are used, or no job is delayed and no turn was given for ten seconds. Turns
// also start again if a stored value is damaged, so that the damage stops no task.
export const TURN_FUNCTION: string = `
local function decoded(text)
  local read, value = pcall(cjson.decode, text or '')
  return read and type(value) == 'table' and value or {}
end
local function typed(key, wanted)
  local found = redis.call('TYPE', key).ok
  if found ~= wanted and found ~= 'none' then redis.call('DEL', key) end
end
local function place(prefix, queue, key)
  local base, turns, meta = prefix .. ':' .. queue, prefix .. ':turns:' .. queue, prefix .. ':turn:' .. queue
  typed(turns, 'zset')
  typed(meta, 'hash')
  local known = redis.call('HMGET', meta, 'm', 'v', 't')
  local last, time, now = tonumber(known[1] or 0) or 0, tonumber(known[2] or 0) or 0, tonumber(redis.call('TIME')[1])
  local head = redis.call('ZRANGE', base .. ':prioritized', 0, 0, 'WITHSCORES')
  if head[2] then time = math.max(time, math.floor(tonumber(head[2]) / 4294967296) - 1)
  elseif last > 1000000 or now - (tonumber(known[3] or now) or now) > 10 and redis.call('ZCARD', base .. ':delayed') == 0 then
    redis.call('DEL', turns, meta)
    last, time = 0, 0
  end
  return math.max(tonumber(redis.call('ZSCORE', turns, key) or 0), time), time, last, now
end
local function turn(prefix, queue, key, count)
  local turns, meta = prefix .. ':turns:' .. queue, prefix .. ':turn:' .. queue
  local own, time, last, now = place(prefix, queue, key)
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', time)
  redis.call('ZADD', turns, own + count, key)
  redis.call('HSET', meta, 'm', math.max(last, own + count), 't', now)
  return own + 1
end
`
