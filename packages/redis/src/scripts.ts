// One hash for an event: `d` done, `t` token and `u` time until which it is held (the server's own clock, so that
// processes need not agree on theirs), `c` claims so far, `s` state. One string for a guard: the key of the event that
// holds it. KEYS[1] is the event, the others are guards: on a Cluster the prefix puts all of them into one slot.
// SET … IFEQ would not do: it came with Redis 8.4.
const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)`

const MINE = `
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end`

// Guards live as long as their event. ARGV[2] is the window.
const KEEP = `
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 2, #KEYS do redis.call('SET', KEYS[i], KEYS[1], 'PX', ARGV[2]) end
return 1`

/** ARGV: token, lease, window, and each guard's `otherwise`. */
export const CLAIM: string = `${NOW}
local duplicate = false
for i = 2, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= KEYS[1] then
    if ARGV[i + 2] == 'refuse' then return {'guarded', 'refuse'} end
    duplicate = true
  end
end
if duplicate then return {'guarded', 'duplicate'} end
local entry = redis.call('HMGET', KEYS[1], 'd', 't', 'u', 's')
if entry[1] then return {'done'} end
if entry[2] and tonumber(entry[3]) > now then return {'busy', tonumber(entry[3]) - now} end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'u', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
for i = 2, #KEYS do redis.call('SET', KEYS[i], KEYS[1], 'PX', ARGV[2] + ARGV[3]) end
return {'claimed', redis.call('HINCRBY', KEYS[1], 'c', 1), entry[4]}`

/** ARGV: token, lease, window, and the state if it changes. */
export const RENEW: string = `${MINE}${NOW}
redis.call('HSET', KEYS[1], 'u', now + ARGV[2])
if ARGV[4] then redis.call('HSET', KEYS[1], 's', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1`

/** ARGV: token, window. */
export const COMMIT: string = `${MINE}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'd', 1)${KEEP}`

/** ARGV: token, window, state. */
export const RELEASE: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
redis.call('HSET', KEYS[1], 's', ARGV[3])${KEEP}`

/** Takes a claim back, as if it had not been made: the first one with its guards. ARGV: token, window. */
export const UNDO: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
if redis.call('HINCRBY', KEYS[1], 'c', -1) < 1 then
  for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
  return 1
end${KEEP}`
