import type { Inbox } from '@postern/core/inbox'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox, type BullmqInboxOptions } from '../src/index.ts'

/** A Redis server for the tests of one block. Its inboxes are closed after each test. */
export interface RedisScene {
  readonly redis: RedisService
  readonly operator: Redis
  /** Prefix of the current test's keys. */
  readonly prefix: string
  /** Returns the key of a task's job. */
  job(task: string): Promise<string>
  open(options?: Partial<BullmqInboxOptions>): Inbox
  /** Calls `end` at the end of this test. */
  later(end: () => unknown): void
}

/** Creates a scene. Must be called in `describe`. `env` is the environment of the Redis process. */
export function redisScene(name: string, env?: Readonly<Record<string, string>>): RedisScene {
  let redis: RedisService
  let operator: Redis
  let made = 0
  let endings: (() => unknown)[] = []
  beforeAll(async () => {
    redis = await startRedis({}, env)
    operator = new Redis(redis.url)
  })
  afterEach(async () => {
    for (const end of endings.toReversed()) await end()
    endings = []
    made++
  })
  afterAll(async () => {
    operator?.disconnect()
    await redis?.stop()
  })
  return {
    get redis() {
      return redis
    },
    get operator() {
      return operator
    },
    get prefix() {
      return `{${name}-${made}}`
    },
    async job(task) {
      const { prefix } = this
      const event = Math.floor(Number(task) / 65_536)
      const name = await operator.hget(`${prefix}:numbers`, String(event))
      const jobs = await operator.hget(`${prefix}:event:${name}`, 'j')
      return `${prefix}:${jobs!.split('\n')[Number(task) % 65_536]}`
    },
    open(options = {}) {
      // A busy machine may delay Redis for longer than the default deadline, which no test of a scene needs.
      const usual = { connection: redis.url, prefix: this.prefix, deadline: '30s' } as const
      const inbox = bullmqInbox({ ...usual, ...options })
      endings.push(() => inbox.close().catch(() => {}))
      return inbox
    },
    later: (end) => void endings.push(end),
  }
}
