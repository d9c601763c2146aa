import { CLOCK_FUNCTION } from './clock.ts'

// Scripts for the processes that use the store, and for the store's clock. For keys and fields see store.ts.

/**
 * Gives a sign of life, and reads the state of the store.
 *
 * KEYS: prefix. ARGV: version of the process; its name; milliseconds without a sign after which a process counts as
 * ended; the time that this process expects (0: unknown); its lease in milliseconds.
 *
 * Replies a list:
 *   the stored version
 *   the oldest version that may use the store
 *   the store's time
 *   the store's mark, a random name
 *   the last sign of this process
 *   1 if leases may end
 *   1 if this sign is stored
 *   the versions of other running processes
 */
export const ALIVE: string = `${CLOCK_FUNCTION}
local key, self = KEYS[1] .. ':processes', ARGV[1] .. ':' .. ARGV[2]
local known = redis.call('HMGET', schema, 'version', 'oldest', 'mark')
local now, last, held, lease = clock()
local expected, own = tonumber(ARGV[4]), tonumber(ARGV[5])
if now < last then
  redis.pcall('HINCRBY', schema, 'offset', whole(last - now))
  redis.pcall('DEL', KEYS[1] .. ':sweeper')
  now = last
end
if lease < own then redis.pcall('HSET', schema, 'lease', own) end
if expected == 0 and last > 0 then
  -- Other processes may be running: for the time of a lease they can renew theirs.
  if now - last > 10000 + own / 3 then
    held = now + math.max(lease, own)
    redis.pcall('HSET', schema, 'held', whole(held))
  end
  if now - last > 3600000 then
    redis.pcall('RPUSH', KEYS[1] .. ':steps', whole(now) .. ' ' .. whole(now - last - 3600000))
    redis.pcall('LTRIM', KEYS[1] .. ':steps', -100, -1)
  end
end
-- A time later than expected may be a step of the clock: the caller then runs STEP.
if expected == 0 or now <= expected + 1000 then redis.pcall('HSET', schema, 'clock', whole(now)) end
local before = redis.pcall('ZSCORE', key, self)
local replies = {tonumber(known[1] or 0), tonumber(known[2] or 0), now, known[3] or '', type(before) == 'string' and before or '', held <= now and 1 or 0, 0}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key, now - ARGV[3], '+inf')) do
  if name ~= self then replies[#replies + 1] = tonumber(name:match('^%d+')) end
end
redis.pcall('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[3])
if type(redis.pcall('ZADD', key, now, self)) == 'number' then replies[7] = 1 end
return replies`

/**
 * Removes a jump of the server's clock from the store's clock, unless another process has already done so. After the
 * jump, no lease ends until the time of the longest lease has passed. KEYS: prefix; ARGV: the expected time. Replies
 * the store's time.
 */
export const STEP: string = `${CLOCK_FUNCTION}
local now, last, held, lease = clock()
local step = now - math.max(last, tonumber(ARGV[1]))
if step < 1000 then return now end
redis.pcall('HINCRBY', schema, 'offset', whole(-step))
redis.pcall('HSET', schema, 'clock', whole(now - step), 'held', whole(now - step + lease))
return now - step`

/** Removes a process from the running processes. KEYS: prefix; ARGV: version and name of the process. */
export const LEAVE: string = `return redis.call('ZREM', KEYS[1] .. ':processes', ARGV[1] .. ':' .. ARGV[2])`

/**
 * Raises the stored versions. KEYS: prefix; ARGV: version, oldest version that may use the store, and a random name for
 * the store if it has no name yet.
 */
export const RAISE: string = `
local key = KEYS[1] .. ':schema'
for i, field in ipairs({'version', 'oldest'}) do
  if tonumber(redis.call('HGET', key, field) or 0) < tonumber(ARGV[i]) then redis.call('HSET', key, field, ARGV[i]) end
end
redis.call('HSETNX', key, 'mark', ARGV[3])
return 1`
