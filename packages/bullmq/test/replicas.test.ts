import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox } from '../src/index.ts'
import { intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'
import { deliver, scene as receiverOn } from './scene.ts'

needs(redisServer).describe('bullmqInbox and replicas of its Redis', () => {
  const scene = redisScene('replicas')

  test('what a replica has not got is 503, at first and when it comes again; health says why', async () => {
    const replica = await replicate()
    const replicas = { wait: 1, within: 200 }
    const web = receiverOn(scene.open({ replicas }), { work: false })
    scene.later(() => web.receiver.close({ timeout: 0 }))
    await deliver(web, '1')
    replica.pause()
    for (let time = 0; time < 2; time++) {
      expect((await web.send('2')).status).toBe(503)
      expect(web.rejected.at(-1)).toContain(
        'replicas: 0 of 1 replicas confirmed the delivery within 200 ms',
      )
    }
    expect(await web.receiver.health()).toMatchObject({
      accepting: false,
      cause: expect.stringContaining('replicas: 0 of 1'),
    })
    replica.resume()
    await deliver(web, '2')
    const copy = new Redis(replica.url)
    scene.later(() => copy.disconnect())
    expect(await copy.keys(`${scene.prefix}:event:*`)).toHaveLength(2)
    expect(web.warnings.filter((message) => message.includes('replica'))).toEqual([])
  })

  test('replicas that nobody waits for are told at the start', async () => {
    await replicate()
    const consumer = record()
    await scene.open().attach(consumer).accept(intake('1'), {})
    await expect
      .poll(() => consumer.warnings)
      .toContainEqual(expect.stringMatching(/has 1 replica, .* replicas: \{ wait: 1 \}/))
  })

  test('more replicas than there are: told at the start', async () => {
    const consumer = record()
    scene.open({ replicas: { wait: 3 } }).attach(consumer)
    await expect
      .poll(() => consumer.warnings)
      .toContainEqual(expect.stringContaining('replicas.wait is 3'))
  })

  test('a wrong option is a TypeError that names it', () => {
    const open = (replicas: never) => () => bullmqInbox({ connection: scene.redis.url, replicas })
    expect(open({ wait: 0 } as never)).toThrow(/replicas: wait must be a whole number from 1/)
    expect(open({ within: '1s' } as never)).toThrow(/replicas: wait/)
    expect(open({ wait: 1, within: '2s' } as never)).toThrow(/replicas.within must be shorter/)
    expect(open({ wait: 1, much: 2 } as never)).toThrow(/replicas.*much/)
  })

  async function replicate(): Promise<RedisService> {
    // Without AOF, because a replica ignores SIGTERM while it writes its first AOF.
    const replica = await startRedis({ appendonly: 'no' })
    const operator = new Redis(replica.url)
    await operator.replicaof('127.0.0.1', scene.redis.port)
    scene.later(async () => {
      operator.disconnect()
      await replica.stop()
      await expect.poll(connected).toContain('connected_slaves:0')
    })
    await expect.poll(connected).toMatch(/state=online/)
    return replica
  }

  function connected(): Promise<string> {
    return scene.operator.info('replication')
  }
})
