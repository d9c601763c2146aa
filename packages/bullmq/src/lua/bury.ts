// The script of burying what BullMQ cannot read. Keys and fields: store.ts.

/**
 * Makes an active job dead whatever its hash holds. KEYS: prefix; ARGV: queue, id, now, token of the claim (empty: whoever has it), a
 * field that goes, then fields and values. Replies 0 if it is not active, or the claim lost it.
 */
export const BURY: string = `
local base, id = KEYS[1] .. ':' .. ARGV[1], ARGV[2]
local job = base .. ':' .. id
if ARGV[4] ~= '' and redis.call('GET', job .. ':lock') ~= ARGV[4] then return 0 end
if redis.call('LREM', base .. ':active', 0, id) == 0 then return 0 end
redis.call('DEL', job .. ':lock')
redis.call('SREM', base .. ':stalled', id)
if redis.call('TYPE', job).ok ~= 'hash' then redis.call('DEL', job) end
redis.call('HDEL', job, ARGV[5])
redis.call('HSET', job, 'finishedOn', ARGV[3], unpack(ARGV, 6))
redis.call('ZADD', base .. ':failed', ARGV[3], id)
redis.call('XADD', base .. ':events', 'MAXLEN', '~', '10000', '*', 'event', 'failed', 'jobId', id, 'prev', 'active')
return 1`
