// Scripts of what operators see. Keys and fields: store.ts.

/** KEYS: prefix; ARGV: name. Replies event, head and body of its delivery, or nothing. */
export const GET_EVENT: string = `
local event = redis.pcall('HMGET', KEYS[1] .. ':event:' .. ARGV[1], 'e', 'h', 'b', 'd')
if not event[1] then return false end
if not event[4] then return {event[1], event[2], event[3]} end
local delivery = redis.call('HMGET', KEYS[1] .. ':delivery:' .. event[4], 'h', 'b')
return {event[1], delivery[1], delivery[2]}`

/** KEYS: prefix; ARGV: names. Replies of each event its info, when it arrived, a row for each job that is there, and the refs of all. */
export const SHOW: string = `
local prefix, events = KEYS[1], {}
for i, name in ipairs(ARGV) do
  local event = redis.pcall('HMGET', prefix .. ':event:' .. name, 'i', 'a', 'j')
  if event.err then event = {} end
  local jobs = {}
  for ref in (event[3] or ''):gmatch('[^\\n]+') do
    local queue, id = ref:match('^(.*):(.-)$')
    local base = prefix .. ':' .. (queue or '')
    local job = not queue and {} or redis.pcall('HMGET', prefix .. ':' .. ref, 'data', 'atm', 'failedReason', 'stacktrace', 'cs',
      'finishedOn', 'pa', 'returnvalue', 'cut')
    if job[1] then
      local due = redis.call('ZSCORE', base .. ':delayed', id)
      local state = 'pending'
      if redis.call('ZSCORE', base .. ':failed', id) then state = 'dead'
      elseif redis.call('ZSCORE', base .. ':completed', id) then state = 'done'
      elseif redis.call('EXISTS', prefix .. ':' .. ref .. ':lock') == 1 then state = 'running' end
      local row = {ref, state, due or ''}
      for at = 1, 9 do row[#row + 1] = job[at] or '' end
      jobs[#jobs + 1] = row
    end
  end
  events[i] = {event[1] or '', event[2] or '', jobs, event[3] or ''}
end
return events`

/**
 * KEYS: prefix; ARGV: now, what names of queues begin with (empty: all), 1 for the unfinished alone. Replies for each
 * queue its name, then how many wait, are delayed, active, completed and failed, and when the oldest due one was due, or
 * an empty string.
 */
export const COUNTS: string = `
local prefix, rows = KEYS[1], {}
local now = tonumber(ARGV[1])
for _, name in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
  if name:sub(1, #ARGV[2]) == ARGV[2] then
    local base = prefix .. ':' .. name
    local row = {name, redis.call('LLEN', base .. ':wait') + redis.call('ZCARD', base .. ':prioritized'),
      redis.call('ZCARD', base .. ':delayed'), redis.call('LLEN', base .. ':active')}
    local oldest = false
    local function due(time)
      time = type(time) ~= 'table' and tonumber(time)
      if time and time <= now and (not oldest or time < oldest) then oldest = time end
    end
    if ARGV[3] ~= '1' then
      local delayed = redis.call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')
      if delayed[2] then due(math.floor(tonumber(delayed[2]) / 4096)) end
      local waits = redis.call('LINDEX', base .. ':wait', -1)
      if waits then due(redis.pcall('HGET', base .. ':' .. waits, 'timestamp')) end
      local turn = redis.call('ZRANGE', base .. ':prioritized', 0, 0)
      if turn[1] then due(redis.pcall('HGET', base .. ':' .. turn[1], 'timestamp')) end
      row[5], row[6] = redis.call('ZCARD', base .. ':completed'), redis.call('ZCARD', base .. ':failed')
      row[7] = oldest and string.format('%.0f', oldest) or ''
    end
    rows[#rows + 1] = row
  end
end
return rows`

/** KEYS: prefix. Replies when Redis last saved its data and how many changes there were since: each write changes it. */
export const VERSION: string = `
local info = redis.call('INFO', 'persistence')
return {info:match('rdb_last_save_time:(%d+)') or '0', info:match('rdb_changes_since_last_save:(%d+)') or '0'}`

/**
 * Counts failed or delayed jobs by cause. KEYS: prefix; ARGV: queue, set, first, last. Replies how many there were, then
 * for each cause: itself, jobs, when the first and the last of their events arrived, reason and stack of one.
 */
export const CAUSES: string = `
local prefix, groups, order = KEYS[1], {}, {}
local base = prefix .. ':' .. ARGV[1]
local ids = redis.call('ZREVRANGE', base .. ':' .. ARGV[2], ARGV[3], ARGV[4])
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
 * Makes a settled job pending at a time to come. KEYS: prefix; ARGV: queue, id, `failed` or `completed`, time in
 * milliseconds since 1970, now. Replies 1 if the job was in that state.
 */
export const LATER: string = `
local base, id = KEYS[1] .. ':' .. ARGV[1], ARGV[2]
local job = base .. ':' .. id
if redis.call('ZREM', base .. ':' .. ARGV[3], id) == 0 then return 0 end
redis.call('HDEL', job, 'finishedOn', 'processedOn', 'failedReason', 'returnvalue', 'atm', 'ats')
redis.call('HSET', job, 'delay', ARGV[4] - ARGV[5])
redis.call('ZADD', base .. ':delayed', string.format('%.0f', ARGV[4] * 4096), id)
local next = redis.call('ZRANGE', base .. ':delayed', 0, 0, 'WITHSCORES')
redis.call('ZADD', base .. ':marker', string.format('%.0f', math.floor(tonumber(next[2]) / 4096)), '1')
redis.call('XADD', base .. ':events', 'MAXLEN', '~', '10000', '*', 'event', 'delayed', 'jobId', id, 'delay', ARGV[4])
return 1`
