// One hash for an event: `d` done, `t` token and `u` time until which it is held (the server's own clock, so that
// processes need not agree on theirs), `c` claims so far, `s` state. Each script touches one key, so they run on a
// Cluster as they are. SET … IFEQ would not do: it came with Redis 8.4.
const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)`

const MINE = `
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end`

/** ARGV: token, lease, window. */
export const CLAIM: string = `${NOW}
local entry = redis.call('HMGET', KEYS[1], 'd', 't', 'u', 's')
if entry[1] then return {'done'} end
if entry[2] and tonumber(entry[3]) > now then return {'busy', tonumber(entry[3]) - now} end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'u', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return {'claimed', redis.call('HINCRBY', KEYS[1], 'c', 1), entry[4]}`

/** ARGV: token, lease, window, and the state where it changes. */
export const RENEW: string = `${MINE}${NOW}
redis.call('HSET', KEYS[1], 'u', now + ARGV[2])
if ARGV[4] then redis.call('HSET', KEYS[1], 's', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1`

/** ARGV: token, window. */
export const COMMIT: string = `${MINE}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'd', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`

/** ARGV: token, window, state. */
export const RELEASE: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
redis.call('HSET', KEYS[1], 's', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`

/** Takes back a claim whose answer came too late to be used, as if it had not been made. ARGV: token, window. */
export const UNDO: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
redis.call('HINCRBY', KEYS[1], 'c', -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`
