import { TURN_FUNCTION } from './turn.ts'

// Scripts for claims, turns and leases. A turn is the number that orders tasks fairly over tenants (turn.ts). For keys
// and fields see store.ts.

// A failed or postponed task of a tenant has no turn while it waits, and its field `tp` is set. When the task is due,
// it is claimed and then gets the next turn of its tenant. Up to 500 other due tasks get their turns at the same time.
// If another task has an earlier turn, the claimed task is released until its own turn comes.
const ENTER_FUNCTION = `${TURN_FUNCTION}
local function enter(prefix, queue, job)
  local first = math.min(turn(prefix, queue, decoded(redis.call('HGET', job, 'data')).f or '', 1), 2097152)
  redis.call('HDEL', job, 'tp')
  redis.call('HSET', job, 'priority', first)
  return first
end
local function enterAll(prefix, queue, job)
  local base, first = prefix .. ':' .. queue, enter(prefix, queue, job)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. ':prioritized', '-inf', '(8589934592', 'LIMIT', 0, 500)) do
    if redis.call('HEXISTS', base .. ':' .. id, 'tp') == 1 then
      local priority = enter(prefix, queue, base .. ':' .. id)
      redis.call('ZADD', base .. ':prioritized', priority * 4294967296 + redis.call('INCR', base .. ':pc') % 4294967296, id)
    end
  end
  local head = redis.call('ZRANGE', base .. ':prioritized', 0, 0, 'WITHSCORES')
  return head[2] and math.floor(tonumber(head[2]) / 4294967296) < first and first
end
`

/**
 * Reads a task for a run if the claim has the task's lock. The lock then holds for at least nine tenths of the lease.
 * Also writes the start of the run, unless the job was interrupted.
 *
 * KEYS: prefix; ARGV: ref, token, lease in milliseconds, `<start> <process>`, 1 if a suspect may start. A suspect is a
 * task whose last three runs were interrupted.
 *
 * Replies one of:
 *   0: the lock is lost
 *   a list with only a turn: the task must wait for this turn
 *   1: a suspect that may not start
 *   2: BullMQ could not settle the job, since a count is not a number or its parent not an object
 *   nothing: the event is missing
 *   a list: event, head, body and task id; after the first claim also the fields stc, sn, cut, chg, ls and pa of the
 *     job (store.ts)
 */
export const LOAD: string = `${ENTER_FUNCTION}
local function whole(text) return not text or #text < 16 and text:match('^%-?%d+$') end
local prefix = KEYS[1]
local job = prefix .. ':' .. ARGV[1]
if redis.call('GET', job .. ':lock') ~= ARGV[2] then return 0 end
if redis.call('PTTL', job .. ':lock') < ARGV[3] * 0.9 then redis.call('PEXPIRE', job .. ':lock', ARGV[3]) end
local event = redis.call('HMGET', prefix .. ':event:' .. (ARGV[1]:match(':e([^:]*)$') or ''):sub(1, 32), 'e', 'h', 'b', 'd')
if not event[1] then return false end
if redis.call('HEXISTS', job, 'tp') == 1 then
  local turn = enterAll(prefix, ARGV[1]:match('^(.*):'), job)
  if turn then return {tostring(turn)} end
end
local own = redis.call('HMGET', job, 'stc', 'sn', 'cut', 'chg', 'ls', 'pa', 'priority', 'atm', 'parent', 'n')
local id = own[10] or ''
if not (whole(own[1]) and whole(own[2]) and whole(own[3]) and whole(own[4]) and whole(own[8]))
  or own[9] and own[9]:sub(1, 1) ~= '{' then return 2 end
local cut = tonumber(own[1] or 0) > tonumber(own[2] or 0)
if not cut and ARGV[5] ~= '1' and tonumber(own[3] or 0) >= 3 then return 1 end
if event[4] then
  local delivery = redis.call('HMGET', prefix .. ':delivery:' .. event[4], 'h', 'b')
  event[2], event[3] = delivery[1], delivery[2]
end
if not cut then redis.call('HSET', job, 'ls', ARGV[4]) end
local priority = tonumber(own[7] or 0) or 0
if priority > 0 then
  local meta = prefix .. ':turn:' .. ARGV[1]:match('^(.*):')
  typed(meta, 'hash')
  if priority > (tonumber(redis.call('HGET', meta, 'v') or 0) or 0) then redis.call('HSET', meta, 'v', priority) end
end
if not (own[1] or own[3] or own[5] or own[6]) then return {event[1], event[2], event[3], id} end
return {event[1], event[2], event[3], id, own[1] or '0', own[2] or '0', own[3] or '0', own[4] or '0', own[5] or '', own[6] or ''}`

/**
 * Counts the due jobs of queues that do not run. KEYS: prefix; ARGV: now, names of queues. Replies their number, and
 * when the next job is due or the next lease ends. The second value is an empty string if there is no such time.
 */
export const NEXT: string = `
local due, next = 0, false
local function at(time)
  if not next or time < next then next = time end
end
for i = 2, #ARGV do
  local base = KEYS[1] .. ':' .. ARGV[i]
  due = due + redis.call('LLEN', base .. ':wait') + redis.call('ZCARD', base .. ':prioritized')
    + redis.call('ZCOUNT', base .. ':delayed', '-inf', (ARGV[1] + 1) * 4096 - 1)
  local later = redis.call('ZRANGEBYSCORE', base .. ':delayed', (ARGV[1] + 1) * 4096, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if later[2] then at(math.floor(later[2] / 4096)) end
  for _, id in ipairs(redis.call('LRANGE', base .. ':active', 0, 99)) do
    local left = redis.call('PTTL', base .. ':' .. id .. ':lock')
    if left > 0 then at(ARGV[1] + left) else at(tonumber(ARGV[1])) end
  end
end
return {due, next and string.format('%.0f', next) or ''}`

/**
 * Prepares a settled job for another run: adds its last run to its attempts, and gives it a new turn. KEYS: prefix;
 * ARGV: queue, id, number of strikes. Replies the name of the set that contains the job, `failed` or `completed`.
 * Replies nothing if the job is not settled or its event was erased.
 */
export const AGAIN: string = `${TURN_FUNCTION}
local base = KEYS[1] .. ':' .. ARGV[1]
local job, set = base .. ':' .. ARGV[2], false
for _, name in ipairs({'failed', 'completed'}) do
  if redis.call('ZSCORE', base .. ':' .. name, ARGV[2]) then set = name end
end
if not set or redis.call('HGET', KEYS[1] .. ':event:' .. ARGV[2]:sub(2, 33), 'x') == 'e' then return false end
local own = redis.call('HMGET', job, 'data', 'returnvalue', 'pa')
if not own[1] then return false end
local ended, ran = decoded(own[2]), decoded(own[3])
if type(ran.a) ~= 'table' or type(ran.n) ~= 'number' then ran = {n = 0, a = {}} end
local last = ran.a[#ran.a]
if ended.s and (not last or last[2] ~= ended.s) then
  ran.n = ran.n + 1
  if #ran.a >= 20 then table.remove(ran.a, 2) end
  ran.a[#ran.a + 1] = {ended.a, ended.s, ended.d, 'done', ended.p}
  redis.call('HSET', job, 'pa', cjson.encode(ran), 'cut', 0)
end
redis.call('HSET', job, 'chg', ARGV[3])
local data = decoded(own[1])
if data.f then
  local first = turn(KEYS[1], ARGV[1], data.f, 1)
  redis.call('HSET', job, 'priority', math.min(first, 2097152))
end
return set`

/**
 * Finds the claims of a process. If the server's clock went back, also shortens locks that hold longer than any lease.
 * KEYS: prefix; ARGV: the common start of the process's tokens, names of queues. Replies ref and token of each claim.
 */
export const CLAIMS: string = `
local lease, own = tonumber(redis.call('HGET', KEYS[1] .. ':schema', 'lease') or 0) or 0, {}
local function bound(key)
  if lease > 0 and redis.call('PTTL', key) > lease then redis.call('PEXPIRE', key, lease) end
end
for each = 2, #ARGV do
  local base = KEYS[1] .. ':' .. ARGV[each]
  bound(base .. ':stalled-check')
  for _, id in ipairs(redis.call('LRANGE', base .. ':active', 0, -1)) do
    local lock = redis.pcall('GET', base .. ':' .. id .. ':lock')
    if type(lock) == 'string' then
      bound(base .. ':' .. id .. ':lock')
      if lock:sub(1, #ARGV[1]) == ARGV[1] then
        own[#own + 1] = ARGV[each] .. ':' .. id
        own[#own + 1] = lock
      end
    end
  end
end
return own`

/**
 * Claims a job again for a run whose lock has ended, if no other claim has settled the job.
 *
 * KEYS: prefix; ARGV: queue, id, token, lease in milliseconds, attempts at the time of the claim, start of the run, 1
 * if the run is done. Replies 1 if the run still had the lock, 2 if the run has the lock again, 3 if the outcome of the
 * run is already stored, 0 otherwise.
 *
 * If another claim has the lock, a done run takes the lock from that claim, but a failed run does not. If another claim
 * counted this run as interrupted, the stored attempt of the run has no duration. Such an attempt is not an outcome.
 */
export const ADOPT: string = `
local base, id, token = KEYS[1] .. ':' .. ARGV[1], ARGV[2], ARGV[3]
local job = base .. ':' .. id
local lock = redis.call('GET', job .. ':lock')
if lock == token and redis.call('LPOS', base .. ':active', id) then
  redis.call('PEXPIRE', job .. ':lock', ARGV[4])
  return 1
end
local made = redis.call('HMGET', job, 'atm', 'data', 'stc', 'pa', 'returnvalue')
local run = ',' .. ARGV[6] .. ','
local ended = (made[4] or ''):find(run, 1, true) and not made[4]:find(run .. 'null,', 1, true)
if ended or (made[5] or ''):find(':' .. ARGV[6] .. ',', 1, true) then return 3 end
if not made[2] or (made[1] or '0') ~= ARGV[5] then return 0 end
if redis.call('ZSCORE', base .. ':completed', id) or redis.call('ZSCORE', base .. ':failed', id) then return 0 end
if lock and lock ~= token and ARGV[7] ~= '1' then return 0 end
-- If a script of BullMQ failed half-way, the job is in none of these.
for _, list in ipairs({'active', 'wait', 'paused'}) do redis.call('LREM', base .. ':' .. list, -1, id) end
for _, set in ipairs({'prioritized', 'delayed'}) do redis.call('ZREM', base .. ':' .. set, id) end
redis.call('LPUSH', base .. ':active', id)
redis.call('SET', job .. ':lock', token, 'PX', ARGV[4])
redis.call('HSET', job, 'sn', made[3] or '0')
return 2`

/**
 * Makes an active job dead, whatever its hash contains. KEYS: prefix; ARGV: queue, id, now, token of the claim (empty:
 * any claim), a field to delete, then fields and values to set. Replies 0 if the job is not active, or if the claim has
 * lost the job.
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
