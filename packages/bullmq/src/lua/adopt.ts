// The script of runs that outlive their lease. Keys and fields: store.ts.

/**
 * Takes a job back for a run whose lock has ended, if nobody settled it since. KEYS: prefix; ARGV: queue, id, token,
 * lease in milliseconds, attempts made when it was claimed, start of the run, 1 if it is done. Replies 1 if the lock still
 * was this run's, 2 if it is again, 3 if this run's outcome is stored already, 0 otherwise. The first that is done counts,
 * also if another claim has the job: that finds its lock gone before it starts, or is told to stop. A failure leaves the
 * job to the other claim. What is refused clears no count of interruptions. An attempt without a duration is one that
 * another claim found interrupted.
 */
export const ADOPT: string = `
local base, id, token = KEYS[1] .. ':' .. ARGV[1], ARGV[2], ARGV[3]
local job = base .. ':' .. id
local lock = redis.call('GET', job .. ':lock')
if lock == token then
  redis.call('PEXPIRE', job .. ':lock', ARGV[4])
  return 1
end
local made = redis.call('HMGET', job, 'atm', 'data', 'stc', 'pa', 'returnvalue')
local run = ',' .. ARGV[6] .. ','
local ended = (made[4] or ''):find(run, 1, true) and not made[4]:find(run .. 'null,', 1, true)
if ended or (made[5] or ''):find(':' .. ARGV[6] .. ',', 1, true) then return 3 end
if not made[2] or (made[1] or '0') ~= ARGV[5] then return 0 end
if redis.call('ZSCORE', base .. ':completed', id) or redis.call('ZSCORE', base .. ':failed', id) then return 0 end
if lock and ARGV[7] ~= '1' then return 0 end
if redis.call('LREM', base .. ':active', -1, id) + redis.call('LREM', base .. ':wait', 1, id)
  + redis.call('ZREM', base .. ':prioritized', id) + redis.call('ZREM', base .. ':delayed', id) == 0 then return 0 end
redis.call('LPUSH', base .. ':active', id)
redis.call('SET', job .. ':lock', token, 'PX', ARGV[4])
redis.call('HSET', job, 'sn', made[3] or '0')
return 2`
