// The script of burying what BullMQ cannot read. Keys and fields: store.ts.

/**
 * Makes an active job dead whatever its hash holds. KEYS: prefix; ARGV: queue, id, now, then fields and values. Replies 0 if
 * it is not active.
 */
export const BURY: string = `
local base, id = KEYS[1] .. ':' .. ARGV[1], ARGV[2]
local job = base .. ':' .. id
if redis.call('LREM', base .. ':active', 0, id) == 0 then return 0 end
redis.call('DEL', job .. ':lock')
redis.call('SREM', base .. ':stalled', id)
if redis.call('TYPE', job).ok ~= 'hash' then redis.call('DEL', job) end
redis.call('HSET', job, 'finishedOn', ARGV[3], unpack(ARGV, 4))
redis.call('ZADD', base .. ':failed', ARGV[3], id)
redis.call('XADD', base .. ':events', 'MAXLEN', '~', '10000', '*', 'event', 'failed', 'jobId', id, 'prev', 'active')
return 1`
