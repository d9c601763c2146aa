import type { Inbox } from '@postern/core/inbox'
import { testInbox } from '@postern/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox } from '../src/index.ts'

if (redisServer.file === undefined)
  console.warn(`bullmqInbox is not tested: Redis is missing, ${redisServer.get}`)

describe.skipIf(redisServer.file === undefined)('on a real Redis', () => {
  let redis: RedisService
  let operator: Redis
  let made = 0
  beforeAll(async () => {
    redis = await startRedis()
    operator = new Redis(redis.url)
  })
  afterAll(async () => {
    operator?.disconnect()
    await redis?.stop()
  })

  testInbox(
    (wish) => {
      const prefix = `{contract-${made++}}`
      const opened: Inbox[] = []
      const open = (): Inbox => {
        const inbox = bullmqInbox({ connection: redis.url, prefix, lease: '400ms', ...wish })
        opened.push(inbox)
        return inbox
      }
      return {
        inbox: open(),
        async reopen() {
          await opened.pop()!.close()
          return open()
        },
        another: open,
        async abandon() {
          const locks = await operator.keys(`${prefix}:*:lock`)
          if (locks.length > 0) await operator.del(locks)
        },
        async close() {
          await Promise.all(opened.map((inbox) => inbox.close()))
        },
      }
    },
    { describe, test },
    {
      name: 'bullmqInbox',
      durable: true,
      shared: true,
      keepsDone: true,
      records: true,
      interruptions: true,
      fair: true,
      journal: true,
      bounded: true,
    },
  )
})
