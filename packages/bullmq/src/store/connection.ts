import { WebhookError } from '@postern/core'
import { within } from '@postern/core/engine'
import { Redis, type Cluster, type RedisOptions } from 'ioredis'
import * as journalScripts from '../lua/journal.ts'
import * as processScripts from '../lua/processes.ts'
import * as runScripts from '../lua/run.ts'
import * as scripts from '../lua/store.ts'
import * as viewScripts from '../lua/view.ts'

/** An address of Redis: a URL, options of ioredis, or a client of ioredis whose settings are copied. */
export type BullmqConnection = Redis | Cluster | RedisOptions | string

/** A client that knows this package's scripts. */
export type RedisClient = Redis | Cluster

// BullMQ's workers wait for a job in reads that Redis answers after 10 s at the latest. A half-open connection never answers.
const SILENCE = 12_000

/**
 * Opens a connection; one that does not answer in time is dropped and made again. With a `deadline` in milliseconds it is
 * for deliveries and operators: commands fail at once while Redis is unreachable. Otherwise commands wait, as BullMQ's
 * workers want them to.
 */
export function openClient(connection: BullmqConnection, deadline?: number): RedisClient {
  const settings: RedisOptions & { replyMapping: 'legacy' } =
    deadline === undefined
      ? {
          enableOfflineQueue: true,
          maxRetriesPerRequest: null,
          ...COMMON,
          socketTimeout: SILENCE,
          // An app's own would end BullMQ's blocking reads, and lose the reply of what it claimed.
          commandTimeout: undefined as never,
        }
      : {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          ...COMMON,
          // A server that is late once keeps its connection; the commands have had their rejection by then.
          socketTimeout: Math.max(2 * deadline, 1000),
        }
  const client = open(connection, settings)
  for (const [name, lua] of Object.entries(SCRIPTS))
    client.defineCommand(name, { numberOfKeys: 1, lua })
  return client
}

/** Runs a script of this package. */
export function runScript(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[name]!(key, ...args)
}

/** Runs a script of this package and returns strings as bytes. */
export function runBuffer(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[`${name}Buffer`]!(key, ...args)
}

type Run = (...args: readonly (string | number | Uint8Array)[]) => Promise<unknown>

/**
 * Resolves once the client is connected; returns undefined if it is. Throws if it has lost Redis: BullMQ would wait
 * without a deadline.
 */
export function connected(client: RedisClient, deadline: number): Promise<void> | undefined {
  if (client.status === 'ready') return undefined
  if (client.status !== 'connecting' && client.status !== 'connect')
    throw unavailable(`Redis is not connected (${client.status})`)
  let waiting = connecting.get(client)
  if (!waiting) {
    waiting = new Promise((resolve, reject) => {
      const ended = (error?: Error) => (): void => {
        connecting.delete(client)
        client.off('ready', ready).off('close', closed).off('error', failed)
        if (error) reject(error)
        else resolve()
      }
      const ready = ended()
      // A wrong password is told by an error, and the connection closes after it.
      let why = ''
      const failed = ({ message }: Error): void =>
        void (why = message === '' ? '' : ` (${message})`)
      const closed = (): void => ended(new Error(`Redis cannot be reached${why}`))()
      client.on('ready', ready).on('close', closed).on('error', failed)
    })
    waiting.catch(() => {})
    connecting.set(client, waiting)
  }
  return answeredWithin(waiting, deadline)
}

// Share one promise: each call would add listeners to the client.
const connecting = new WeakMap<RedisClient, Promise<void>>()

/** The work, or a rejection with `inbox_unavailable` after a time in milliseconds. */
export function answeredWithin<T>(work: Promise<T>, deadline: number): Promise<T> {
  const late = (): Error => unavailable(`Redis did not answer within ${deadline} ms`)
  return within(work, performance.now() + deadline, late).catch((error: unknown) => {
    throw unavailable(error)
  })
}

/** An error of Redis as the rejection of a delivery. */
export function unavailable(reason: unknown): WebhookError {
  if (reason instanceof WebhookError) return reason
  const text = reason instanceof Error ? reason.message : String(reason)
  return new WebhookError('inbox_unavailable', `bullmqInbox: ${text}`, {
    ...(reason instanceof Error && { cause: reason }),
  })
}

const COMMON = {
  replyMapping: 'legacy',
  enableReadyCheck: true,
  lazyConnect: false,
  // Without it ioredis forgets commands of a lost connection: their promises never settle.
  autoResendUnfulfilledCommands: true,
} as const

/** Waits between connects: the app's own, or the default of ioredis where that gives up. An inbox never gives up. */
function again({ retryStrategy: own }: RedisOptions): Pick<RedisOptions, 'retryStrategy'> {
  return {
    retryStrategy(times) {
      const wait = own?.(times)
      return typeof wait === 'number' ? wait : Math.min(times * 50, 2000)
    },
  }
}

function open(
  connection: BullmqConnection,
  settings: RedisOptions & { replyMapping: 'legacy' },
): RedisClient {
  if (typeof connection === 'string') return new Redis(connection, settings)
  if (!isClient(connection)) return new Redis({ ...connection, ...settings, ...again(connection) })
  if (!connection.isCluster)
    return (connection as Redis).duplicate({
      ...settings,
      ...again(connection.options as RedisOptions),
    })
  const cluster = connection as Cluster
  const { enableOfflineQueue } = settings
  const redisOptions = { ...cluster.options.redisOptions, ...settings }
  return cluster.duplicate([], { ...cluster.options, enableOfflineQueue, redisOptions } as never)
}

// By shape: clients of another copy of ioredis are not instances of our class.
function isClient(connection: object): connection is RedisClient {
  return 'defineCommand' in connection && typeof connection.defineCommand === 'function'
}

// Scripts of erasing. Keys and fields: store.ts.

/**
 * Erases the contents of events without open jobs. KEYS: prefix; ARGV: 1 only for those that `storage.content` marked and that no
 * failed job holds back, then for each event name, event and head as they shall be (empty: changes nothing). Replies the
 * names of those that fit.
 */
const ERASE: string = `
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

// The script of runs that outlive their lease. Keys and fields: store.ts.

/**
 * Takes a job back for a run whose lock has ended, if nobody settled it since. KEYS: prefix; ARGV: queue, id, token,
 * lease in milliseconds, attempts made when it was claimed, start of the run, 1 if it is done. Replies 1 if the lock still
 * was this run's, 2 if it is again, 3 if this run's outcome is stored already, 0 otherwise. The first that is done counts,
 * also if another claim has the job: that finds its lock gone before it starts, or is told to stop. A failure leaves the
 * job to the other claim. What is rejected clears no count of interruptions. An attempt without a duration is one that
 * another claim found interrupted.
 */
const ADOPT: string = `
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

// The script of burying what BullMQ cannot read. Keys and fields: store.ts.

/**
 * Makes an active job dead whatever its hash holds. KEYS: prefix; ARGV: queue, id, now, token of the claim (empty: whoever has it), a
 * field that goes, then fields and values. Replies 0 if it is not active, or the claim lost it.
 */
const BURY: string = `
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

/** The scripts of this package; each has one key, the prefix of all that it touches. */
type ScriptName =
  | 'posternLook'
  | 'posternAlive'
  | 'posternStep'
  | 'posternLeave'
  | 'posternRaise'
  | 'posternStore'
  | 'posternSpawn'
  | 'posternLoose'
  | 'posternRescue'
  | 'posternClaims'
  | 'posternUnclaim'
  | 'posternSweep'
  | 'posternSetRecord'
  | 'posternLoad'
  | 'posternDue'
  | 'posternAdopt'
  | 'posternBury'
  | 'posternNext'
  | 'posternAgain'
  | 'posternGetEvent'
  | 'posternShow'
  | 'posternPlaces'
  | 'posternRefs'
  | 'posternRemove'
  | 'posternCounts'
  | 'posternVersion'
  | 'posternCauses'
  | 'posternLater'
  | 'posternErase'
  | 'posternArrive'
  | 'posternSeries'
  | 'posternSwap'
  | 'posternTrim'
  | 'posternPage'

/** Their texts. */
const SCRIPTS: Readonly<Record<ScriptName, string>> = {
  posternLook: scripts.LOOK,
  posternAlive: processScripts.ALIVE,
  posternStep: processScripts.STEP,
  posternLeave: processScripts.LEAVE,
  posternRaise: processScripts.RAISE,
  posternStore: scripts.STORE,
  posternSpawn: scripts.SPAWN,
  posternLoose: scripts.LOOSE,
  posternRescue: scripts.RESCUE,
  posternClaims: runScripts.CLAIMS,
  posternUnclaim: scripts.UNCLAIM,
  posternSweep: viewScripts.SWEEP,
  posternSetRecord: journalScripts.SET_RECORD,
  posternLoad: runScripts.LOAD,
  posternDue: scripts.DUE,
  posternAdopt: ADOPT,
  posternBury: BURY,
  posternNext: runScripts.NEXT,
  posternAgain: runScripts.AGAIN,
  posternGetEvent: viewScripts.GET_EVENT,
  posternShow: viewScripts.SHOW,
  posternPlaces: viewScripts.PLACES,
  posternRefs: viewScripts.REFS,
  posternRemove: viewScripts.REMOVE,
  posternCounts: viewScripts.COUNTS,
  posternVersion: viewScripts.VERSION,
  posternCauses: viewScripts.CAUSES,
  posternLater: viewScripts.LATER,
  posternErase: ERASE,
  posternArrive: journalScripts.ARRIVE,
  posternSeries: journalScripts.SERIES,
  posternSwap: journalScripts.SWAP,
  posternTrim: journalScripts.TRIM,
  posternPage: journalScripts.PAGE,
}
