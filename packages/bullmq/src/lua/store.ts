import { MOST_WAIT } from '@postern/core/engine'
import { READ_FUNCTION, TURN_FUNCTION } from './turn.ts'

// Keys in addition to BullMQ's keys. All have the prefix, so all are in one slot of a Cluster:
//   event:<name>    hash; it exists only if the event was stored completely:
//                     n number; e event; a arrival time; t time of the store's clock when it was stored
//                     i info as JSON: key, id, topic, tenant, provider
//                     j refs of its jobs (queue:id), one per line; g names of its guards, one per line
//                     x `p` if its contents are to be erased once all tasks are done,
//                       `e` if they were erased
//                     h head (all but the body) and b body of its delivery; or d name of a shared delivery
//   delivery:<name> hash: h head, b body, n number of its events
//   guard:<name>    the event that has this replay guard: a key that only one event can have
//   sweeper         the process that searches for lost jobs, or a sign that a search has just ended
//   turns:<queue>   sorted set: tenants by their last turn (see turn.ts)
//   turn:<queue>    hash: m last turn, t its time in seconds, v highest claimed turn
//   numbers         hash: number of an event → its name
//   numbers:last    the last number
//   index           sorted set: events by arrival time, each as number in 12 digits and name
//   passing         sorted set like index: events with x `p`
//   queues          set: names of queues
//   records         hash: key → version, a space, JSON
//   actions         hash like records: the actions of operators
//   replicas        an empty value, written so that WAIT has a write to wait for
//   schema          hash:
//                     version; oldest version that may use the store
//                     mark: a random name of this store
//                     clock: last time of the store's clock; offset: difference to the server's
//                     lease: the longest lease of all processes
//                     held: time until which no lease ends after a jump of the server's clock
//   steps           list: a time on the store's clock, a space, and milliseconds before that time
//                   in which no process ran, so that no row ages in them
//   processes       sorted set: processes (version:name) by their last sign of life
// A job is BullMQ's hash <queue>:<id>. Jobs are stored with their event, so a missing job was done or deleted. This
// package adds these fields to a job:
//   n   id of its task: number of the event times 65536, plus the place among the event's jobs
//   ls  start and process of the last run
//   pa  attempts
//   cs  cause of the last error: a name that similar errors share
//   tp  set if the job gets its turn only when it is due
//   sn  value of BullMQ's stall count (stc) that this package has already counted
//   cut number of interruptions in a row
//   chg number of strikes: interruptions that count toward a poison pill

/**
 * Looks up events before a delivery is stored. KEYS: prefix; ARGV: names of events. Replies nothing for an unknown
 * event. For a known event, replies the refs of its jobs to revive. A ref starts with `f` if the job failed, or with
 * `d` if it waits after an error.
 */
export const LOOK: string = `${READ_FUNCTION}
local prefix, found = KEYS[1], {}
for at, name in ipairs(ARGV) do
  local event = read('HMGET', prefix .. ':event:' .. name, 'j', 'x') or {''}
  local jobs, again = event[1], false
  if jobs then
    again = {}
    if event[2] == 'e' then jobs = '' end
    for ref in jobs:gmatch('[^\\n]+') do
      local queue, id = ref:match('^(.*):(.-)$')
      local base = prefix .. ':' .. queue
      if redis.call('ZSCORE', base .. ':failed', id) then again[#again + 1] = 'f' .. ref
      elseif redis.call('ZSCORE', base .. ':delayed', id) and redis.pcall('HEXISTS', prefix .. ':' .. ref, 'failedReason') == 1 then
        again[#again + 1] = 'd' .. ref
      end
    end
  end
  found[at] = again
end
return found`

// Adds jobs as BullMQ's own scripts addStandardJob and addPrioritizedJob do. A script cannot call other scripts. In
// MULTI, an error in a script does not stop the next commands, so the event would be stored without its jobs.
const ADD_FUNCTION = `${TURN_FUNCTION}${READ_FUNCTION}
local prefix, at, undos = KEYS[1], 1, {}
local function arg()
  at = at + 1
  return ARGV[at - 1]
end
local function undo(...) undos[#undos + 1] = {...} end
local function takeBack()
  for each = #undos, 1, -1 do redis.pcall(unpack(undos[each])) end
  undos = {}
end
-- Keeps all writes of the work, or undoes them and returns the error.
local function whole(work)
  undos = {}
  local done, why = pcall(work)
  if done then return nil end
  takeBack()
  return type(why) == 'table' and why.err or tostring(why)
end
local function member(number, name) return string.format('%012.0f', number) .. name end
local woken = {}
-- Without the right to publish, workers find tasks a second later.
local function wake()
  if #woken > 0 then redis.pcall('PUBLISH', prefix .. ':wake', table.concat(woken, '\\n')) end
end
local function placed(base, id)
  for _, set in ipairs({'completed', 'failed', 'delayed', 'prioritized', 'waiting-children'}) do
    if redis.call('ZSCORE', base .. ':' .. set, id) then return true end
  end
  return redis.call('LPOS', base .. ':active', id) or redis.call('LPOS', base .. ':wait', id) or redis.call('LPOS', base .. ':paused', id)
end
local function enqueue(base, id, priority)
  if priority > 0 then
    redis.call('ZADD', base .. ':prioritized', priority * 4294967296 + redis.call('INCR', base .. ':pc') % 4294967296, id)
    undo('ZREM', base .. ':prioritized', id)
  else
    redis.call('LPUSH', base .. ':wait', id)
    undo('LREM', base .. ':wait', 1, id)
  end
  local meta = redis.call('HMGET', base .. ':meta', 'paused', 'concurrency', 'opts.maxLenEvents')
  local held = meta[1] or meta[2] and redis.call('LLEN', base .. ':active') >= tonumber(meta[2])
  if not held and redis.call('ZADD', base .. ':marker', 0, '0') == 1 then undo('ZREM', base .. ':marker', '0') end
  undo('XDEL', base .. ':events', redis.call('XADD', base .. ':events', 'MAXLEN', '~', meta[3] or 10000, '*', 'event', 'waiting', 'jobId', id))
end
-- Reads the tasks of an event from the arguments: their number, then queue, id, data and turn of each.
local function tasks()
  local all = {}
  for each = 1, tonumber(arg()) do all[each] = {queue = arg(), id = arg(), data = arg(), turn = arg()} end
  return all
end
-- The turn of a task is empty, a plus and a tenant, or a priority. The number is that of its event, and n its place in the event.
local function add(task, name, now, number, n)
  local base, key = prefix .. ':' .. task.queue, task.turn:match('^%+(.*)$')
  local job, priority = base .. ':' .. task.id, tonumber(task.turn) or 0
  local own = number and string.format('%.0f', number * 65536 + n) or ''
  if redis.call('EXISTS', job) == 1 then
    if placed(base, task.id) then
      redis.pcall('HSET', job, 'n', own)
      return
    end
    redis.call('DEL', job)
  end
  if redis.call('SADD', prefix .. ':queues', task.queue) == 1 then undo('SREM', prefix .. ':queues', task.queue) end
  redis.call('INCR', base .. ':id')
  if key then
    local turns = prefix .. ':turns:' .. task.queue
    typed(turns, 'zset')
    local before = redis.call('ZSCORE', turns, key)
    priority = math.min(turn(prefix, task.queue, key, 1), 2097152)
    if before then undo('ZADD', turns, before, key) else undo('ZREM', turns, key) end
  end
  -- The receiver decides on retries, so BullMQ gets unlimited attempts and a wait with each error.
  redis.call('HSET', job, 'n', own, 'name', name, 'data', task.data, 'timestamp', now, 'delay', 0, 'priority', priority, 'opts',
    '{"attempts":1000000000,"backoff":{"type":"custom"},"stackTraceLimit":1,"jobId":"' .. task.id .. '"'
    .. (priority > 0 and ',"priority":' .. priority or '') .. '}')
  undo('DEL', job)
  undo('XDEL', base .. ':events', redis.call('XADD', base .. ':events', '*', 'event', 'added', 'jobId', task.id, 'name', name))
  enqueue(base, task.id, priority)
  if not woken[task.queue] then
    woken[task.queue] = true
    woken[#woken + 1] = task.queue
  end
end
local function refs(all)
  local names = {}
  for each, task in ipairs(all) do names[each] = task.queue .. ':' .. task.id end
  return names
end
`

/**
 * Stores deliveries, each completely or not at all: the jobs of its events in all queues, guards, turns and records.
 *
 * KEYS: prefix. ARGV: now; maximum number of waiting tasks per tenant in the queues of a delivery; 1 for a probe, which
 * undoes its writes. Then:
 *   for each delivery: head, body, its name (empty if it has one event), number of its new events
 *   for each event: name, info, event, topic, arrival time, 1 if its contents are to be erased,
 *     number of guards, each guard with `reject` or `duplicate`, its tasks
 *
 * Replies one of these for each delivery:
 *   `taken`, then for each event its number, or 0 if it is known or a guard found a duplicate
 *   `rejected`: a guard rejected it
 *   `full` and the number of waiting tasks
 *   `failed` and the error
 */
export const STORE: string = `${ADD_FUNCTION}
local now, share, probe = arg(), tonumber(arg()), arg() == '1'
local last, count = false, 0
local function nextDelivery()
  local delivery = {head = arg(), body = arg(), name = arg(), events = {}}
  for each = 1, tonumber(arg()) do
    local event = {name = arg(), info = arg(), event = arg(), topic = arg(), at = arg(), passing = arg() == '1', guards = {}}
    for guard = 1, tonumber(arg()) do event.guards[guard] = {name = arg(), otherwise = arg()} end
    event.tasks = tasks()
    delivery.events[each] = event
    count = count + 1
  end
  return delivery
end
-- If two events of a delivery want a guard, the first gets it.
local function isRejected(events)
  local holders = {}
  for _, event in ipairs(events) do
    for _, guard in ipairs(event.guards) do
      local key = prefix .. ':guard:' .. guard.name
      local holder = read('GET', key) or holders[key] or event.name
      if holder ~= event.name and not event.known then
        if guard.otherwise == 'reject' then return true end
        event.known = true
      end
      if not event.known then holders[key] = holder end
    end
  end
end
local function over(events)
  local waiting, wanted, seen, most = {}, {}, {}, false
  for _, event in ipairs(events) do
    for _, task in ipairs(event.known and {} or event.tasks) do
      local key = task.turn:match('^%+(.*)$')
      if key then
        wanted[key] = (wanted[key] or 0) + 1
        if not seen[task.queue .. ' ' .. key] then
          local own, time = place(prefix, task.queue, key)
          waiting[key] = (waiting[key] or 0) + own - time
          seen[task.queue .. ' ' .. key] = true
        end
      end
    end
  end
  for key, count in pairs(wanted) do
    if waiting[key] + count > share and (not most or waiting[key] > most) then most = waiting[key] end
  end
  return most
end
local function record(event, delivery)
  local key, guards = prefix .. ':event:' .. event.name, {}
  last = (last or redis.call('INCRBY', prefix .. ':numbers:last', count) - count) + 1
  local number, own = last, member(last, event.name)
  redis.call('HSET', prefix .. ':numbers', number, event.name)
  undo('HDEL', prefix .. ':numbers', number)
  for each, task in ipairs(event.tasks) do add(task, event.topic, now, number, each - 1) end
  for each, guard in ipairs(event.guards) do
    guards[each] = guard.name
    if redis.call('SET', prefix .. ':guard:' .. guard.name, event.name, 'NX') then undo('DEL', prefix .. ':guard:' .. guard.name) end
  end
  redis.call('HSET', key, 'n', number, 'i', event.info, 'e', event.event, 'j', table.concat(refs(event.tasks), '\\n'), 'a', event.at, 't', now)
  undo('DEL', key)
  if #guards > 0 then redis.call('HSET', key, 'g', table.concat(guards, '\\n')) end
  if delivery.name == '' then redis.call('HSET', key, 'h', delivery.head, 'b', delivery.body)
  else
    local shared = prefix .. ':delivery:' .. delivery.name
    redis.call('HSET', key, 'd', delivery.name)
    if redis.call('HINCRBY', shared, 'n', 1) == 1 then
      undo('DEL', shared)
      redis.call('HSET', shared, 'h', delivery.head, 'b', delivery.body)
    end
  end
  redis.call('ZADD', prefix .. ':index', event.at, own)
  undo('ZREM', prefix .. ':index', own)
  if event.passing then
    redis.call('HSET', key, 'x', 'p')
    redis.call('ZADD', prefix .. ':passing', event.at, own)
    undo('ZREM', prefix .. ':passing', own)
  end
  return number
end
local function store(delivery)
  local events, reply = delivery.events, {'taken'}
  for _, event in ipairs(events) do event.known = redis.call('EXISTS', prefix .. ':event:' .. event.name) == 1 end
  if isRejected(events) then return {'rejected'} end
  local waiting = over(events)
  if waiting then return {'full', waiting} end
  local why = whole(function()
    for each, event in ipairs(events) do
      reply[each + 1] = 0
      -- A delivery may contain an event twice.
      if not event.known and redis.call('EXISTS', prefix .. ':event:' .. event.name) == 0 then
        reply[each + 1] = record(event, delivery)
      end
    end
  end)
  if why then return {'failed', why} end
  if probe then takeBack() end
  return reply
end
local all, replies = {}, {}
while at <= #ARGV do all[#all + 1] = nextDelivery() end
for each, delivery in ipairs(all) do replies[each] = store(delivery) end
if not probe then wake() end
return replies`

/**
 * Fails if the client has no permission to undo the writes of a probe. Without that permission, a probe would leave
 * jobs in the queues. KEYS: prefix. This check is a separate script, since Redis checks for free memory only until the
 * first write of a script.
 */
export const UNDO: string = `
local none = KEYS[1] .. ':probe'
for _, undone in ipairs({{'LREM', none, 1, ''}, {'ZREM', none, ''}, {'SREM', none, ''}, {'HDEL', none, ''}, {'XDEL', none, '0-1'}, {'DEL', none}}) do
  redis.call(unpack(undone))
end
return 1`

/**
 * Adds all children of a task to its event, or none. KEYS: prefix; ARGV: now, ref of the task, token of its claim,
 * lease in milliseconds, name of the event, topic, tasks. Replies an empty string, an error, or 0 if the claim lost the
 * task.
 */
export const SPAWN: string = `${ADD_FUNCTION}
local now, parent, token, lease, event, topic, all = arg(), prefix .. ':' .. arg(), arg(), arg(), arg(), arg(), tasks()
if redis.call('GET', parent .. ':lock') ~= token then return 0 end
redis.call('PEXPIRE', parent .. ':lock', lease)
local why = whole(function()
  local key = prefix .. ':event:' .. event
  local known, places, lines = redis.call('HMGET', key, 'j', 'n'), {}, {}
  local function place(ref)
    if not places[ref] then
      places[ref] = #lines
      lines[#lines + 1] = ref
    end
  end
  for ref in (known[1] or ''):gmatch('[^\\n]+') do place(ref) end
  for each, ref in ipairs(refs(all)) do
    place(ref)
    add(all[each], topic, now, tonumber(known[2]), places[ref])
  end
  if known[1] then redis.call('HSET', key, 'j', table.concat(lines, '\\n')) end
end)
wake()
return why or ''`

/**
 * Makes due jobs ready, at most 1,000 per queue. A job whose wait is longer than the maximum is due now, since its
 * stored time is damaged. KEYS: prefix; ARGV: now, names of queues. Replies when the next job is due, or an empty
 * string. Then replies the numbers of ready and active jobs of each queue.
 */
export const DUE: string = `${ADD_FUNCTION}
local now, next, replies = tonumber(arg()), false, {''}
local function due(base)
  local ids = redis.call('ZRANGEBYSCORE', base .. ':delayed', '-inf', (now + 1) * 4096 - 1, 'LIMIT', 0, 1000)
  local far = redis.call('ZRANGEBYSCORE', base .. ':delayed', (now + ${MOST_WAIT}) * 4096, '+inf', 'LIMIT', 0, 1000)
  for _, id in ipairs(far) do ids[#ids + 1] = id end
  return ids
end
while at <= #ARGV do
  local base = prefix .. ':' .. arg()
  for _, id in ipairs(due(base)) do
    local priority = redis.pcall('HGET', base .. ':' .. id, 'priority')
    local why = whole(function()
      enqueue(base, id, type(priority) == 'string' and tonumber(priority) or 0)
      redis.call('ZREM', base .. ':delayed', id)
      redis.pcall('HSET', base .. ':' .. id, 'delay', 0)
    end)
    if why then return redis.error_reply(why) end
  end
  local later = redis.call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')[2]
  if later and (not next or tonumber(later) < next) then next = tonumber(later) end
  replies[#replies + 1] = redis.call('LLEN', base .. ':wait') + redis.call('ZCARD', base .. ':prioritized')
  replies[#replies + 1] = redis.call('LLEN', base .. ':active')
end
if next then replies[1] = string.format('%.0f', math.floor(next / 4096)) end
return replies`

/** Releases claimed jobs that did not run. KEYS: prefix; ARGV: ref and token of each job. */
export const UNCLAIM: string = `${ADD_FUNCTION}
while at <= #ARGV do
  local queue, id = arg():match('^(.*):(.-)$')
  local base, token = prefix .. ':' .. queue, arg()
  local job = base .. ':' .. id
  if redis.call('GET', job .. ':lock') == token and redis.call('LPOS', base .. ':active', id) then
    local why = whole(function()
      redis.call('HINCRBY', job, 'ats', -1)
      undo('HINCRBY', job, 'ats', 1)
      enqueue(base, id, tonumber(redis.call('HGET', job, 'priority') or 0) or 0)
      redis.call('LREM', base .. ':active', 1, id)
      redis.pcall('DEL', job .. ':lock')
      redis.pcall('SREM', base .. ':stalled', id)
    end)
    if why then return redis.error_reply(why) end
  end
end
return 1`

/**
 * Adds lost jobs, which are in no set or list of BullMQ, to their set or list again. KEYS: prefix; ARGV: refs. Replies
 * the number of jobs that are pending again.
 */
export const RESCUE: string = `${ADD_FUNCTION}
local rescued = 0
while at <= #ARGV do
  local queue, id = arg():match('^(.*):(.-)$')
  local base = prefix .. ':' .. queue
  whole(function()
    local job = redis.call('HMGET', base .. ':' .. id, 'priority', 'finishedOn', 'returnvalue', 'data')
    if not job[4] or placed(base, id) then return end
    if job[2] then redis.call('ZADD', base .. (job[3] and ':completed' or ':failed'), job[2], id)
    else
      enqueue(base, id, tonumber(job[1] or 0) or 0)
      rescued = rescued + 1
    end
  end)
end
return rescued`
