import { CLOCK_FUNCTION } from './clock.ts'
import { READ_FUNCTION } from './turn.ts'

// Scripts for what operators see and change, and for dropping old events. For keys and fields see store.ts.

/**
 * Reads an event. KEYS: prefix; ARGV: name of the event. Replies the event, and head and body of its delivery; nothing
 * if it is unknown.
 */
export const GET_EVENT: string = `
local event = redis.pcall('HMGET', KEYS[1] .. ':event:' .. ARGV[1], 'e', 'h', 'b', 'd')
if not event[1] then return false end
if not event[4] then return {event[1], event[2], event[3]} end
local delivery = redis.call('HMGET', KEYS[1] .. ':delivery:' .. event[4], 'h', 'b')
return {event[1], delivery[1], delivery[2]}`

/**
 * Reads events with their jobs. KEYS: prefix; ARGV: names of events. Replies for each event its number, info, arrival
 * time, field `x`, the ref of its first job, and a row for each existing job. Replies nothing for an unknown event.
 */
export const SHOW: string = `
local prefix, events = KEYS[1], {}
for i, name in ipairs(ARGV) do
  local event = redis.pcall('HMGET', prefix .. ':event:' .. name, 'n', 'i', 'a', 'x', 'j')
  local jobs, place, first = {}, -1, ''
  for ref in (event[5] or ''):gmatch('[^\\n]+') do
    place = place + 1
    if place == 0 then first = ref end
    local queue, id = ref:match('^(.*):(.-)$')
    local base = prefix .. ':' .. (queue or '')
    local job = not queue and {} or redis.pcall('HMGET', prefix .. ':' .. ref, 'data', 'atm', 'failedReason', 'stacktrace', 'cs',
      'finishedOn', 'pa', 'returnvalue', 'cut')
    if job[1] then
      local function placed(set)
        local score = redis.pcall('ZSCORE', base .. set, id)
        return type(score) == 'string' and score
      end
      local due = placed(':delayed')
      local state = 'pending'
      if placed(':failed') then state = 'dead'
      elseif placed(':completed') then state = 'done'
      elseif redis.call('EXISTS', prefix .. ':' .. ref .. ':lock') == 1 then state = 'running' end
      local row = {place, ref, state, due or ''}
      for at = 1, 9 do row[#row + 1] = job[at] or '' end
      jobs[#jobs + 1] = row
    end
  end
  events[i] = event[1] and {event[1], event[2] or '', event[3] or '', event[4] or '', first, jobs} or false
end
return events`

/**
 * Returns the members that events have in the sorted set `index`, made from the hashes of the events. KEYS: prefix; ARGV:
 * names of events. Replies this member and the arrival time of each existing event.
 */
export const PLACES: string = `
local found = {}
for _, name in ipairs(ARGV) do
  local event = redis.pcall('HMGET', KEYS[1] .. ':event:' .. name, 'n', 'a')
  local number = tonumber(event[1])
  if number then
    found[#found + 1] = string.format('%012.0f', number) .. name
    found[#found + 1] = event[2]
  end
end
return found`

/**
 * Returns the refs (queue:id) of tasks. KEYS: prefix; ARGV: for each task, the number of its event and the task's place
 * in that event. Replies a ref for each task, or an empty string.
 */
export const REFS: string = `
local found, known, refs = {}, false, {}
for i = 1, #ARGV, 2 do
  if ARGV[i] ~= known then
    local name = redis.call('HGET', KEYS[1] .. ':numbers', ARGV[i])
    local jobs = name and redis.pcall('HGET', KEYS[1] .. ':event:' .. name, 'j')
    known, refs = ARGV[i], {}
    for ref in (type(jobs) == 'string' and jobs or ''):gmatch('[^\\n]+') do refs[#refs + 1] = ref end
  end
  found[#found + 1] = refs[ARGV[i + 1] + 1] or ''
end
return found`

/**
 * Deletes jobs that do not run. KEYS: prefix; ARGV: `idle` (pending or failed) or `past` (completed or failed), then
 * refs (queue:id). Replies 1 for each deleted job, 0 for each other job.
 */
export const REMOVE: string = `
local gone, sets = {}, ARGV[1] == 'past' and {'completed', 'failed'} or {'failed', 'delayed', 'prioritized'}
for i = 2, #ARGV do
  local queue, id = ARGV[i]:match('^(.*):(.-)$')
  local base, removed = KEYS[1] .. ':' .. (queue or ''), 0
  local job = base .. ':' .. (id or '')
  if queue and redis.call('EXISTS', job .. ':lock') == 0 then
    for _, set in ipairs(sets) do removed = removed + redis.call('ZREM', base .. ':' .. set, id) end
    if removed == 0 and ARGV[1] == 'idle' then
      for _, list in ipairs({'wait', 'paused', 'active'}) do removed = removed + redis.call('LREM', base .. ':' .. list, 0, id) end
      redis.call('SREM', base .. ':stalled', id)
    end
  end
  if removed > 0 then
    redis.call('DEL', job, job .. ':logs')
    redis.call('XADD', base .. ':events', 'MAXLEN', '~', '10000', '*', 'event', 'removed', 'jobId', id)
  end
  gone[#gone + 1] = removed > 0 and 1 or 0
end
return gone`

/**
 * Counts jobs. KEYS: prefix; ARGV: the start of the queue names (empty: all queues); 1 to count only unfinished jobs; 1
 * to fail if a key has a wrong type (otherwise the key counts as empty). Replies for each queue its name and the
 * numbers of waiting, delayed and active jobs. If all jobs are counted, also replies the numbers of completed and
 * failed jobs. The last value is how long the oldest due job has been due, in milliseconds, or an empty string.
 */
export const COUNTS: string = `${CLOCK_FUNCTION}
local prefix, rows, now, odd = KEYS[1], {}, clock(), false
local function size(command, key)
  local count = redis.pcall(command, key)
  if type(count) == 'number' then return count end
  odd = odd or count.err .. ' (' .. key .. ')'
  return 0
end
local function first(...)
  local found = redis.pcall(...)
  return type(found) == 'table' and not found.err and found or {}
end
for _, name in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
  if name:sub(1, #ARGV[1]) == ARGV[1] then
    local base = prefix .. ':' .. name
    local row = {name, size('LLEN', base .. ':wait') + size('ZCARD', base .. ':prioritized'),
      size('ZCARD', base .. ':delayed'), size('LLEN', base .. ':active')}
    local oldest = false
    local function due(time)
      time = type(time) ~= 'table' and tonumber(time)
      if time and time <= now and (not oldest or time < oldest) then oldest = time end
    end
    if ARGV[2] ~= '1' then
      local delayed = first('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')
      if delayed[2] then due(math.floor(tonumber(delayed[2]) / 4096)) end
      local waits = first('LRANGE', base .. ':wait', -1, -1)
      if waits[1] then due(redis.pcall('HGET', base .. ':' .. waits[1], 'timestamp')) end
      local turn = first('ZRANGE', base .. ':prioritized', 0, 0)
      if turn[1] then due(redis.pcall('HGET', base .. ':' .. turn[1], 'timestamp')) end
      row[5], row[6] = size('ZCARD', base .. ':completed'), size('ZCARD', base .. ':failed')
      row[7] = oldest and whole(now - oldest) or ''
      local kind = redis.pcall('TYPE', base .. ':stalled').ok
      if kind ~= 'set' and kind ~= 'none' then odd = odd or 'WRONGTYPE ' .. base .. ':stalled' end
    end
    rows[#rows + 1] = row
  end
end
if odd and ARGV[3] == '1' then return redis.error_reply(odd) end
return rows`

/** Returns when Redis last saved its data, and the number of changes since then. KEYS: prefix. */
export const VERSION: string = `
local info = redis.call('INFO', 'persistence')
return {info:match('rdb_last_save_time:(%d+)') or '0', info:match('rdb_changes_since_last_save:(%d+)') or '0'}`

/**
 * Counts failed or delayed jobs by cause, a name that similar errors share. KEYS: prefix; ARGV: queue, set, first rank,
 * last rank. Replies the number of jobs, then a row for each cause. A row has name, number of jobs, arrival times of
 * the first and last event, and reason and stack of one job.
 */
export const CAUSES: string = `
local prefix, groups, order = KEYS[1], {}, {}
local base = prefix .. ':' .. ARGV[1]
local ids = redis.pcall('ZREVRANGE', base .. ':' .. ARGV[2], ARGV[3], ARGV[4])
if ids.err then ids = {} end
for _, id in ipairs(ids) do
  local job = redis.pcall('HMGET', base .. ':' .. id, 'cs', 'failedReason', 'stacktrace')
  if job[1] then
    local arrived = redis.pcall('HGET', prefix .. ':event:' .. id:sub(2, 33), 'a')
    local at = tonumber(type(arrived) == 'string' and arrived or 0) or 0
    local group = groups[job[1]]
    if not group then
      group = {job[1], 0, at, at, job[2] or '', job[3] or ''}
      groups[job[1]] = group
      order[#order + 1] = group
    end
    group[2], group[3], group[4] = group[2] + 1, math.min(group[3], at), math.max(group[4], at)
  end
end
for _, group in ipairs(order) do
  group[3], group[4] = string.format('%.0f', group[3]), string.format('%.0f', group[4])
end
return {#ids, order}`

/**
 * Makes a settled job pending. KEYS: prefix; ARGV: queue, id, its state (`failed` or `completed`), milliseconds until
 * it is due. Replies 1 if the job was in the given state, otherwise 0.
 */
export const LATER: string = `${CLOCK_FUNCTION}
local now, last = clock()
local at = math.max(now, last) + ARGV[4]
local base, id = KEYS[1] .. ':' .. ARGV[1], ARGV[2]
local job = base .. ':' .. id
if not redis.call('ZSCORE', base .. ':' .. ARGV[3], id) then return 0 end
redis.call('ZADD', base .. ':delayed', whole(at * 4096), id)
redis.call('ZREM', base .. ':' .. ARGV[3], id)
redis.call('HDEL', job, 'finishedOn', 'processedOn', 'failedReason', 'returnvalue', 'atm', 'ats')
redis.call('HSET', job, 'delay', ARGV[4])
local next = redis.call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')
redis.call('ZADD', base .. ':marker', whole(math.floor(tonumber(next[2]) / 4096)), '1')
redis.call('XADD', base .. ':events', 'MAXLEN', '~', '10000', '*', 'event', 'delayed', 'jobId', id, 'delay', whole(at))
return 1`

/**
 * Drops events without jobs. KEYS: prefix; ARGV: a time on the store's clock, members of the index. Keeps events that
 * were stored after that time. Replies the number of dropped events.
 */
export const SWEEP: string = `${READ_FUNCTION}
local prefix, forgotten = KEYS[1], 0
for each = 2, #ARGV do
  local member = ARGV[each]
  local key = prefix .. ':event:' .. member:sub(13)
  local event = read('HMGET', key, 'j', 'd', 'g', 't') or {}
  local left = (tonumber(event[4] or 0) or 0) >= tonumber(ARGV[1])
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
    redis.call('HDEL', prefix .. ':numbers', tonumber(member:sub(1, 12)))
    redis.call('ZREM', prefix .. ':index', member)
    redis.call('ZREM', prefix .. ':passing', member)
    forgotten = forgotten + 1
  end
end
return forgotten`

/**
 * Erases the contents of events without open jobs.
 *
 * KEYS: prefix; ARGV: 1 to erase only events that `storage.content` marked and that have no failed job, then three
 * values per event: its name, and the event and head without contents that replace the stored ones. If these two are
 * empty, the script only checks the event. Replies the names of the events that it erased or, after a check, would
 * erase.
 */
export const ERASE: string = `
local prefix, names = KEYS[1], {}
local function rests(jobs)
  for ref in jobs:gmatch('[^\\n]+') do
    if redis.call('EXISTS', prefix .. ':' .. ref) == 1 then
      local queue, id = ref:match('^(.*):(.-)$')
      local base = prefix .. ':' .. queue
      if not redis.call('ZSCORE', base .. ':completed', id) then
        if ARGV[1] == '1' or not redis.call('ZSCORE', base .. ':failed', id) then return false end
      end
    end
  end
  return true
end
for i = 2, #ARGV, 3 do
  local key = prefix .. ':event:' .. ARGV[i]
  local event = redis.pcall('HMGET', key, 'j', 'd', 'x', 'n')
  local wanted = event[1] and event[3] ~= 'e' and (ARGV[1] ~= '1' or event[3] == 'p')
  if wanted and rests(event[1]) then
    names[#names + 1] = ARGV[i]
    if ARGV[i + 1] ~= '' then
      redis.call('HSET', key, 'x', 'e', 'e', ARGV[i + 1], 'h', ARGV[i + 2], 'b', '')
      redis.call('HDEL', key, 'd')
      redis.call('ZREM', prefix .. ':passing', string.format('%012.0f', event[4]) .. ARGV[i])
      if event[2] then
        local delivery = prefix .. ':delivery:' .. event[2]
        local needed = redis.pcall('HINCRBY', delivery, 'n', -1)
        if type(needed) == 'number' and needed <= 0 then redis.call('DEL', delivery) end
      end
    end
  end
end
return names`

/**
 * Finds the jobs of the given events that are in no sorted set of BullMQ. Each such job is in a list, or lost. KEYS:
 * prefix; ARGV: id of the process that searches, milliseconds for which only this process may search, members of the
 * sorted set `index`. Replies a ref (queue:id) for each job found, or nothing if another process searches.
 */
export const LOOSE: string = `
local prefix, sweeper, loose = KEYS[1], KEYS[1] .. ':sweeper', {}
local other = redis.call('GET', sweeper)
if other and other ~= ARGV[1] then return false end
redis.call('SET', sweeper, ARGV[1], 'PX', ARGV[2])
for each = 3, #ARGV do
  local jobs = redis.pcall('HGET', prefix .. ':event:' .. ARGV[each]:sub(13), 'j')
  for ref in (type(jobs) == 'string' and jobs or ''):gmatch('[^\\n]+') do
    local queue, id = ref:match('^(.*):(.-)$')
    local held = not queue
    for _, set in ipairs({'completed', 'failed', 'delayed', 'prioritized'}) do
      held = held or redis.pcall('ZSCORE', prefix .. ':' .. queue .. ':' .. set, id)
    end
    if not held and redis.call('EXISTS', prefix .. ':' .. ref) == 1 then loose[#loose + 1] = ref end
  end
end
return loose`
