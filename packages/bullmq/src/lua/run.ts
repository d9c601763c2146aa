// Scripts of claims, turns and leases. Keys and fields: store.ts.

// The virtual time of a queue is the highest turn that was claimed, or the one before the next in line. BullMQ's score of
// a prioritized job is its priority times 2^32 and a count; priorities end at 2^21, so turns start again when nothing
// waits: after ten seconds without new ones, in which those that were given have been stored, or when half are used. What is
// not as it is written here starts again too: it must stop no task.
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

// A failed or postponed task of a fair key holds no turn while it waits (field `tp`), and is claimed first once it is due:
// then it takes the next turn of its key, and so do up to 500 that became due with it. Its turn, if another task has an earlier one.
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
 * Reads a task for a run, if the lock is still this claim's; it then holds for nine tenths of the lease at least. KEYS: prefix;
 * ARGV: ref, token, lease in milliseconds, `<start> <process>`, 1 if a suspect may start. Replies 0 if the lock is lost, the turn the
 * task must take alone if it has to wait for that, 1 if it is a suspect that may not start, 2 if BullMQ could not settle it (a count that is not a number), nothing if there is no such event, or
 * event, head and body of its delivery, the id of the task, then, unless this is the first claim, stc, sn, cut, chg, ls and pa of the job. The start is
 * written unless the job was interrupted. The name of the event is part of the job's id.
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
 * What is due or will be. KEYS: prefix; ARGV: now, names of queues. Replies how many are due and not running, and the
 * time of the next that is not due yet, ends of leases included, or an empty string.
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
 * Prepares a settled job for another run: its last run goes to its attempts, and it gets a new turn. KEYS: prefix; ARGV:
 * queue, id, interruptions that are charged from here on. Replies `failed` or `completed`, where it is; or nothing if it is not settled,
 * or the contents of its event were erased.
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
 * The claims of a process on jobs, as far as queues have them. Locks that hold longer than any lease, since the server's clock went back,
 * count from now. KEYS: prefix; ARGV: how its tokens begin, names of queues. Replies ref and token of each.
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
