// Beside BullMQ's own keys there are, all under the prefix and so in one slot of a Cluster:
//   event:<name>    hash: i info (JSON: key, id, topic, scope, provider), e event, j its jobs (a ref a line), g its guards
//                   (a name a line), a when it arrived, x `p` if its contents are to be erased once its tasks are done,
//                   `e` if they were, and its delivery: h head and b body, or d the name of one that
//                   several events came in. It is there when, and only when, the event was taken as a whole.
//   delivery:<name> hash: h head, b body, n events that need it
//   guard:<name>    the event that holds the guard; `?` before it while that event is not stored yet
//   turns:<queue>   sorted set: fair keys by their last turn
//   turn:<queue>    hash: m last turn of all, t when it was given (seconds), v highest turn that was claimed
//   index           sorted set of events by the time they arrived
//   passing         sorted set of events with x `p` by the time they arrived
//   queues          set of queue names
//   records         hash: version, a space, JSON
//   schema          hash: version of this layout, oldest version that may work on it
//   processes       sorted set of processes (version:name) by their last sign of life
// A job is BullMQ's hash <queue>:<id>; a job that is gone was done or given up, since jobs are made with their event.
// Fields of our own in it: ls start and process of the last run, pa attempts, cs cause of the last error, and of
// interruptions: sn those seen of BullMQ's own count (stc), cut in a row, chg charged. tp: it takes a turn when it is due.

/**
 * KEYS: prefix; ARGV: names of events, then `-`, then names of queues. Replies, for each event, nothing if it is unknown
 * or its jobs to revive (`f` failed, `d` delayed by an error, before the ref), and for each queue how many are pending or running.
 */
export const LOOK: string = `
local prefix, found, counts, at = KEYS[1], {}, {}, 1
while ARGV[at] ~= '-' do
  local event = redis.pcall('HMGET', prefix .. ':event:' .. ARGV[at], 'j', 'x')
  local jobs, again = event.err and '' or event[1], false
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
  at = at + 1
end
for i = at + 1, #ARGV do
  local base = prefix .. ':' .. ARGV[i]
  counts[#counts + 1] = redis.call('LLEN', base .. ':wait') + redis.call('LLEN', base .. ':active')
    + redis.call('ZCARD', base .. ':delayed') + redis.call('ZCARD', base .. ':prioritized')
end
return {found, counts}`

/**
 * Keeps guards for events that are about to be stored, all of an event or none. KEYS: prefix; ARGV: milliseconds they are
 * kept, then for each guard its name, its event, and 1 if it refuses. Replies for each: 0 free, 1 another event has it, 2
 * another event is about to be stored with it. If one refuses or is in doubt, none is kept.
 */
export const GUARD: string = `
local replies, taken = {}, {}
local none = false
for i = 2, #ARGV, 3 do
  local holder, reply = redis.pcall('GET', KEYS[1] .. ':guard:' .. ARGV[i]), 0
  if type(holder) == 'table' then holder = '?' end
  if holder and holder ~= ARGV[i + 1] and holder ~= '?' .. ARGV[i + 1] then
    reply = holder:sub(1, 1) == '?' and 2 or 1
    taken[ARGV[i + 1]] = true
    if reply == 2 or ARGV[i + 2] == '1' then none = true end
  end
  replies[#replies + 1] = reply
end
if none then return replies end
for i = 2, #ARGV, 3 do
  if not taken[ARGV[i + 1]] then
    redis.call('SET', KEYS[1] .. ':guard:' .. ARGV[i], '?' .. ARGV[i + 1], 'NX', 'PX', ARGV[1])
  end
end
return replies`

/**
 * The last step of the transaction that adds jobs. An event is recorded only if all its jobs are there: without its
 * record it was never taken. KEYS: prefix; ARGV: for each event name, info, event, jobs, time it arrived, guards, then
 * name of its delivery (empty: its own), head and body (given with the first event of a delivery), and 1 if its contents
 * are to be erased. Replies, for each
 * event, 1 recorded, 0 known before, -1 a job is missing or a guard was lost.
 */
export const RECORD: string = `
local prefix, replies, shared = KEYS[1], {}, {}
for i = 1, #ARGV, 10 do
  local name, guards, delivery = ARGV[i], ARGV[i + 5], ARGV[i + 6]
  local key = prefix .. ':event:' .. name
  local reply = 1
  if delivery ~= '' and not shared[delivery] then shared[delivery] = {ARGV[i + 7], ARGV[i + 8], 0} end
  if redis.call('EXISTS', key) == 1 then reply = 0
  else
    for ref in ARGV[i + 3]:gmatch('[^\\n]+') do
      if redis.call('EXISTS', prefix .. ':' .. ref) == 0 then reply = -1 end
    end
    for guard in guards:gmatch('[^\\n]+') do
      local holder = redis.call('GET', prefix .. ':guard:' .. guard)
      if holder and holder ~= name and holder ~= '?' .. name then reply = -1 end
    end
  end
  if reply == 1 then
    for guard in guards:gmatch('[^\\n]+') do redis.call('SET', prefix .. ':guard:' .. guard, name) end
    redis.call('HSET', key, 'i', ARGV[i + 1], 'e', ARGV[i + 2], 'j', ARGV[i + 3], 'a', ARGV[i + 4])
    if guards ~= '' then redis.call('HSET', key, 'g', guards) end
    if delivery == '' then redis.call('HSET', key, 'h', ARGV[i + 7], 'b', ARGV[i + 8])
    else
      redis.call('HSET', key, 'd', delivery)
      shared[delivery][3] = shared[delivery][3] + 1
    end
    redis.call('ZADD', prefix .. ':index', ARGV[i + 4], name)
    if ARGV[i + 9] == '1' then
      redis.call('HSET', key, 'x', 'p')
      redis.call('ZADD', prefix .. ':passing', ARGV[i + 4], name)
    end
  end
  replies[#replies + 1] = reply
end
for name, of in pairs(shared) do
  if of[3] > 0 then redis.call('HSET', prefix .. ':delivery:' .. name, 'h', of[1], 'b', of[2], 'n', of[3]) end
end
return replies`

/**
 * A sign of life, and the state of the store. KEYS: prefix; ARGV: version and name of the process, milliseconds after which
 * another without a sign is gone. Replies the version that is stored, the oldest that may work on it, the time of
 * the server, and the versions of other processes that live.
 */
export const ALIVE: string = `
local key, self = KEYS[1] .. ':processes', ARGV[1] .. ':' .. ARGV[2]
local known = redis.call('HMGET', KEYS[1] .. ':schema', 'version', 'oldest')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replies = {tonumber(known[1] or 0), tonumber(known[2] or 0), now}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key, now - ARGV[3], '+inf')) do
  if name ~= self then replies[#replies + 1] = tonumber(name:match('^%d+')) end
end
redis.pcall('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[3])
redis.pcall('ZADD', key, now, self)
return replies`

/** The end of a process. KEYS: prefix; ARGV: version and name of the process. */
export const LEAVE: string = `return redis.call('ZREM', KEYS[1] .. ':processes', ARGV[1] .. ':' .. ARGV[2])`

/** Raises what is stored. KEYS: prefix; ARGV: version, oldest version that may work on it. */
export const RAISE: string = `
local key = KEYS[1] .. ':schema'
for i, field in ipairs({'version', 'oldest'}) do
  if tonumber(redis.call('HGET', key, field) or 0) < tonumber(ARGV[i]) then redis.call('HSET', key, field, ARGV[i]) end
end
return 1`

/** A write that leaves nothing: Redis refuses it as it refuses a delivery. KEYS: prefix; ARGV: receiver. */
export const PROBE: string = `
redis.call('SET', KEYS[1] .. ':probe:' .. ARGV[1], '')
return redis.call('DEL', KEYS[1] .. ':probe:' .. ARGV[1])`

/** Adds jobs to those of an event. KEYS: prefix; ARGV: name, refs. */
export const APPEND: string = `
local key = KEYS[1] .. ':event:' .. ARGV[1]
local jobs = redis.call('HGET', key, 'j')
if not jobs then return 0 end
for i = 2, #ARGV do
  if not ('\\n' .. jobs .. '\\n'):find('\\n' .. ARGV[i] .. '\\n', 1, true) then jobs = jobs .. '\\n' .. ARGV[i] end
end
redis.call('HSET', key, 'j', jobs)
return 1`

/** Forgets events none of whose jobs is left. KEYS: prefix; ARGV: names. Replies how many it forgot. */
export const SWEEP: string = `
local prefix, forgotten = KEYS[1], 0
for _, name in ipairs(ARGV) do
  local key = prefix .. ':event:' .. name
  local event = redis.pcall('HMGET', key, 'j', 'd', 'g')
  local left = false
  for ref in (event[1] or ''):gmatch('[^\\n]+') do
    if redis.call('EXISTS', prefix .. ':' .. ref) == 1 then left = true end
  end
  if not left then
    if event[2] then
      local delivery = prefix .. ':delivery:' .. event[2]
      local needed = redis.pcall('HINCRBY', delivery, 'n', -1)
      if type(needed) == 'number' and needed <= 0 then redis.call('DEL', delivery) end
    end
    for guard in (event[3] or ''):gmatch('[^\\n]+') do redis.call('DEL', prefix .. ':guard:' .. guard) end
    redis.call('DEL', key)
    redis.call('ZREM', prefix .. ':index', name)
    redis.call('ZREM', prefix .. ':passing', name)
    forgotten = forgotten + 1
  end
end
return forgotten`

/** KEYS: records; ARGV: key, expected version, JSON or nothing to delete. */
export const SET_RECORD: string = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local version = known and tonumber(known:match('^%d+')) or 0
if version ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] then redis.call('HSET', KEYS[1], ARGV[1], (version + 1) .. ' ' .. ARGV[3])
else redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`
