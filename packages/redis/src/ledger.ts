import { createHash } from 'node:crypto'
import type { Duration } from '@postern/core'
import { checks, type Guard } from '@postern/core/engine'
import type { Ledger, LedgerClaim } from '@postern/core/inbox'
import {
  watchServer,
  createScriptRunner,
  type RedisConnection,
  openConnection,
  isCluster,
  hashTag,
} from './connection.ts'

/** Options of {@link redisLedger}. */
export interface RedisLedgerOptions {
  /** A client of ioredis, a URL, or options of ioredis. In a Cluster, a client must not have a `keyPrefix`. */
  readonly connection: RedisConnection
  /**
   * Prefix of the keys. In a Cluster the prefix needs a hash tag (a part in braces), since a script uses several keys.
   * @default 'postern:ledger:', or '{postern:ledger}:' in a Cluster
   */
  readonly prefix?: string
  /** How long an event is known after its last change. Must be at least as long as the sender retries. @default '4d' */
  readonly dedupeWindow?: Duration
  /**
   * How long a delivery may wait for Redis, including the connection, before it gets 503.
   * @default '1s'
   */
  readonly deadline?: Duration
}

/**
 * Creates a ledger on Redis, which remembers events for `inlineInbox` in several or short-lived processes. Each event
 * is a hash, and each step is a script that checks a token. While Redis is unreachable, hangs or rejects writes,
 * deliveries get 503 within the deadline, and the sender retries. Entries are as durable as Redis: the ledger warns if
 * Redis may lose or evict keys.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const inbox = inlineInbox({ ledger: redisLedger({ connection: process.env.REDIS_URL! }) })
 */
export function redisLedger(options: RedisLedgerOptions): Ledger {
  const check = checks<RedisLedgerOptions>('redisLedger', options)
  const window = Math.max(1, Math.ceil(check.span('dedupeWindow', '4d')))
  const deadline = check.time('deadline', '1s')
  const connection = check.value('connection')
  const given = check.value('prefix')
  check.end()
  if (connection === undefined || connection === '')
    throw new TypeError(
      `redisLedger: connection must be a URL such as 'redis://127.0.0.1:6379', options of ioredis or a client, got ${JSON.stringify(connection)}`,
    )
  const { client, own } = openConnection(connection)
  const prefix = given ?? (isCluster(client) ? '{postern:ledger}:' : 'postern:ledger:')
  if (isCluster(client) && hashTag(prefix) === undefined)
    throw new TypeError(
      `redisLedger: prefix must have a hash tag such as '{postern:ledger}:' on a Cluster, got ${JSON.stringify(prefix)}; a script reaches only keys with the same hash tag`,
    )
  const scripts = createScriptRunner(client, deadline)
  const listeners: ((message: string) => void)[] = []
  const unwatch = watchServer(client, prefix, (message) =>
    listeners.forEach((warn) => warn(message)),
  )

  return {
    name: 'redisLedger',
    durable: true,
    dedupeWindow: window,
    deadline,
    async claim(key, token, lease, guards = []): Promise<LedgerClaim> {
      const keys = keysOf(key, guards)
      const undo = (answer: unknown): void => {
        if ((answer as Answer)[0] !== 'claimed') return
        scripts.run(UNDO, keys, [token, window]).catch(() => {})
      }
      const says = guards.map(({ otherwise }) => otherwise)
      const answer = (await scripts.run(
        CLAIM,
        keys,
        [token, lease, window, ...says],
        undo,
      )) as Answer
      switch (answer[0]) {
        case 'done':
          return { kind: 'done' }
        case 'busy':
          return { kind: 'busy', left: answer[1] }
        case 'guarded':
          return { kind: 'guarded', otherwise: answer[1] }
        case 'claimed':
          return { kind: 'claimed', claims: answer[1], state: answer[2] ?? undefined }
      }
    },
    renew: (key, token, lease, state) =>
      step(RENEW, keysOf(key), [token, lease, window, ...(state === undefined ? [] : [state])]),
    commit: (key, token, guards) => step(COMMIT, keysOf(key, guards), [token, window]),
    release: (key, token, state, guards) =>
      step(RELEASE, keysOf(key, guards), [token, window, state]),
    undo: (key, token, guards) => step(UNDO, keysOf(key, guards), [token, window]),
    listen(warn) {
      listeners.push(warn)
    },
    async close() {
      unwatch()
      if (own) client.disconnect()
    },
  }

  async function step(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<boolean> {
    return (await scripts.run(script, keys, args)) === 1
  }

  function keysOf(key: string, guards: readonly Guard[] = []): readonly string[] {
    return [nameOf(key, ''), ...guards.map((guard) => nameOf(guard.key, 'g:'))]
  }

  // Keys are hashed, since senders choose parts of them. Hashed keys have one length, and no braces that would change
  // the slot in a Cluster.
  function nameOf(key: string, kind: string): string {
    return prefix + kind + createHash('sha256').update(key).digest('base64url')
  }
}

type Answer =
  | readonly ['done']
  | readonly ['busy', number]
  | readonly ['guarded', Guard['otherwise']]
  | readonly ['claimed', number, string | null | undefined]

// An event is one hash with the fields `d` done, `t` token, `u` end of the lease, `c` number of claims, `s` state.
// The end of the lease is a time of the server, so that processes need no common clock. A guard (a key that only one
// event can have) is one string: the key of its event. KEYS[1] is the event, and the other KEYS are guards. In a
// Cluster, the prefix puts all of them into one slot. The scripts do not use SET … IFEQ, which exists only since Redis
// 8.4.
const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)`

const MINE = `
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end`

// Keeps an event and its guards for the deduplication window, ARGV[2], in milliseconds.
const KEEP = `
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 2, #KEYS do redis.call('SET', KEYS[i], KEYS[1], 'PX', ARGV[2]) end
return 1`

/**
 * Claims an event. ARGV: token, lease, deduplication window, and for each guard `reject` or `duplicate`, the result if
 * another event has the guard.
 */
const CLAIM: string = `${NOW}
local duplicate = false
for i = 2, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= KEYS[1] then
    if ARGV[i + 2] == 'reject' then return {'guarded', 'reject'} end
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

/** Renews the lease of an event. ARGV: token, lease, deduplication window, and the state if it changes. */
const RENEW: string = `${MINE}${NOW}
redis.call('HSET', KEYS[1], 'u', now + ARGV[2])
if ARGV[4] then redis.call('HSET', KEYS[1], 's', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1`

/** Marks an event as done. ARGV: token, deduplication window. */
const COMMIT: string = `${MINE}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'd', 1)${KEEP}`

/** Releases a claim with a new state. ARGV: token, deduplication window, state. */
const RELEASE: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
redis.call('HSET', KEYS[1], 's', ARGV[3])${KEEP}`

/**
 * Undoes a claim. If it was the first claim, also deletes the event and its guards. ARGV: token, deduplication window.
 */
const UNDO: string = `${MINE}
redis.call('HDEL', KEYS[1], 't', 'u')
if redis.call('HINCRBY', KEYS[1], 'c', -1) < 1 then
  for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
  return 1
end${KEEP}`
