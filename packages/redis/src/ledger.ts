import { createHash } from 'node:crypto'
import { milliseconds, type Duration } from '@postern/core'
import { type Ledger, type LedgerClaim } from '@postern/core/inbox'
import { openConnection, type RedisConnection } from './connection.ts'
import { createScriptRunner } from './script.ts'
import { CLAIM, COMMIT, RELEASE, RENEW, UNDO } from './scripts.ts'
import { watchServer } from './server.ts'

/** Options of {@link redisLedger}. */
export interface RedisLedgerOptions {
  /** A client of ioredis, a URL, or options of ioredis. A client must not have a `keyPrefix` in a Cluster. @default 'redis://127.0.0.1:6379' */
  readonly connection?: RedisConnection
  /** What the keys begin with. @default 'postern:ledger:' */
  readonly prefix?: string
  /** For how long an event is remembered after its last change; at least the sender's retry span. @default '4d' */
  readonly window?: Duration
  /** How long a step may take before the delivery gets 503. @default '1s' */
  readonly deadline?: Duration
}

/**
 * A ledger on Redis, for `inlineInbox` in several processes or in none that stays: one hash an event, one script a step,
 * fenced by comparing tokens. While Redis is away, hangs or refuses writes, nothing is taken: deliveries get 503 within
 * the deadline, and the sender delivers again. It remembers as long as Redis does: warnings tell where that is in doubt.
 */
export function redisLedger(options: RedisLedgerOptions = {}): Ledger {
  const window = milliseconds(options.window ?? '4d', 'redisLedger: window')
  const deadline = milliseconds(options.deadline ?? '1s', 'redisLedger: deadline')
  if (window < 1) throw new TypeError('redisLedger: window must be at least a millisecond')
  if (deadline < 1) throw new TypeError('redisLedger: deadline must be at least a millisecond')
  const prefix = options.prefix ?? 'postern:ledger:'
  const { client, own } = openConnection(options.connection ?? 'redis://127.0.0.1:6379')
  const scripts = createScriptRunner(client, deadline)
  const listeners: ((message: string) => void)[] = []
  const unwatch = watchServer(client, (message) => listeners.forEach((warn) => warn(message)))

  return {
    name: 'redisLedger',
    durable: true,
    window,
    async claim(key, token, lease): Promise<LedgerClaim> {
      const name = nameOf(key)
      const undo = (answer: unknown): void => {
        if ((answer as Answer)[0] !== 'claimed') return
        scripts.run(UNDO, name, [token, window]).catch(() => {})
      }
      const answer = (await scripts.run(CLAIM, name, [token, lease, window], undo)) as Answer
      if (answer[0] === 'done') return { kind: 'done' }
      if (answer[0] === 'busy') return { kind: 'busy', left: answer[1] }
      return { kind: 'claimed', claims: answer[1], state: answer[2] ?? undefined }
    },
    renew: (key, token, lease, state) =>
      step(RENEW, key, [token, lease, window, ...(state === undefined ? [] : [state])]),
    commit: (key, token) => step(COMMIT, key, [token, window]),
    release: (key, token, state) => step(RELEASE, key, [token, window, state]),
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
    key: string,
    args: readonly (string | number)[],
  ): Promise<boolean> {
    return (await scripts.run(script, nameOf(key), args)) === 1
  }

  // Keys carry what senders choose: hashed, they have one length and no braces that would move them in a Cluster.
  function nameOf(key: string): string {
    return prefix + createHash('sha256').update(key).digest('base64url')
  }
}

type Answer =
  | readonly ['done']
  | readonly ['busy', number]
  | readonly ['claimed', number, string | null | undefined]
