// Takes 40 s.
import type { Inbox } from '@postern/core/inbox'
import { testInbox } from '@postern/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox } from '../src/index.ts'
import { startProxy, type Proxy } from './proxy.ts'

needs(redisServer).describe('on a real Redis', () => {
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
    async (wish) => {
      const prefix = `{contract-${made++}}`
      const opened: Inbox[] = []
      const proxies: Proxy[] = []
      const open = async (): Promise<Inbox> => {
        const proxy = await startProxy(redis.port)
        proxies.push(proxy)
        const inbox = bullmqInbox({ connection: proxy.url, prefix, lease: '400ms', ...wish })
        opened.push(inbox)
        return inbox
      }
      return {
        inbox: await open(),
        async reopen() {
          await opened.pop()!.close()
          return open()
        },
        another: open,
        async abandon() {
          // A process that died would claim no more jobs either.
          for (const proxy of proxies) proxy.stopClaims()
          const locks = await operator.keys(`${prefix}:*:lock`)
          if (locks.length > 0) await operator.del(locks)
        },
        async close() {
          await Promise.all(opened.map((inbox) => inbox.close()))
          await Promise.all(proxies.map((proxy) => proxy.stop()))
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
      guards: true,
      suspects: true,
      drain: true,
      fair: true,
      pages: true,
      journal: true,
      bounded: true,
    },
  )
})
