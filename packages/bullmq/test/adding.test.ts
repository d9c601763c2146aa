import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { redisScene } from './redis-scene.ts'
import { deliver, scene as receiverScene } from './scene.ts'

const USER = 'web'
const QUEUE = 'acme/only'

/** What keeps a job from being added: a right that is missing, or a key of another type. */
const OBSTACLES: readonly (
  | { readonly right: string }
  | { readonly key: string; readonly set: readonly [string, ...string[]] }
)[] = [
  ...['lpush', 'xadd', 'zadd', 'hset', 'incr', 'sadd', 'hmget'].map((right) => ({ right })),
  ...['events', 'wait', 'marker', 'meta', 'id'].map((name) => ({
    key: `${QUEUE}:${name}`,
    set: ['SET', 'x'] as const,
  })),
  { key: 'index', set: ['SADD', 'x'] },
  { key: 'queues', set: ['SET', 'x'] },
]

needs(redisServer).describe('an event is recorded only if all its jobs were added', () => {
  const scene = redisScene('adding')

  for (const obstacle of OBSTACLES) {
    const what = 'right' in obstacle ? `no right to ${obstacle.right}` : `${obstacle.key} is odd`
    test(`${what}: 503, nothing stays, health says so; after the repair it runs once`, async () => {
      const { operator } = scene
      await operator.call('ACL', 'SETUSER', USER, 'reset', 'on', '>pw', '~*', '&*', '+@all')
      const connection = scene.redis.url.replace('//', `//${USER}:pw@`)
      const one = receiverScene(scene.open({ connection, deadline: '5s' }), { work: false })
      await hinder()
      for (const id of ['1', '2', '1', '2', '1']) expect((await one.send(id)).status).toBe(503)
      expect(await stored()).toEqual([])
      const health = await one.receiver.health()
      expect(health).toMatchObject({ ok: false, accepting: false })
      await repair()
      expect((await one.send('1')).status).toBe(200)
      await one.receiver.close()

      const two = receiverScene(scene.open({ connection }))
      await deliver(two, '2')
      await deliver(two, '1')
      await expect.poll(() => two.done.toSorted()).toEqual(['1', '2'])
      expect(two.runs.toSorted()).toEqual(['1', '2'])
      await two.receiver.close()

      async function hinder(): Promise<void> {
        if ('right' in obstacle) await operator.call('ACL', 'SETUSER', USER, `-${obstacle.right}`)
        else {
          const [command, value] = obstacle.set
          await operator.call(command, `${scene.prefix}:${obstacle.key}`, value!)
        }
      }

      async function repair(): Promise<void> {
        if ('right' in obstacle) await operator.call('ACL', 'SETUSER', USER, `+${obstacle.right}`)
        else await operator.del(`${scene.prefix}:${obstacle.key}`)
      }
    })
  }

  test('jobs that are in no list run, and how many is told once', async () => {
    const one = receiverScene(scene.open(), { work: false })
    for (const id of ['1', '2', '3']) await deliver(one, id)
    await one.receiver.close()
    const base = `${scene.prefix}:${QUEUE}`
    const ids = await scene.operator.lrange(`${base}:wait`, 0, 1)
    for (const id of ids) await scene.operator.lrem(`${base}:wait`, 1, id)

    const two = receiverScene(scene.open())
    await expect.poll(() => two.done.toSorted()).toEqual(['1', '2', '3'])
    const told = two.warnings.filter((message) => message.includes('missing from the lists'))
    expect(told).toEqual([expect.stringContaining('2 tasks')])
    expect(two.runs).toHaveLength(3)
    await two.receiver.close()
  })

  /** Keys that hold an event or a job. */
  async function stored(): Promise<readonly string[]> {
    const redis = new Redis(scene.redis.url)
    const keys = await redis.keys(`${scene.prefix}:*`)
    const lists = await redis.lrange(`${scene.prefix}:${QUEUE}:wait`, 0, -1).catch(() => [])
    redis.disconnect()
    return [...keys.filter((key) => /:(?:event:|delivery:|e[\w-]{32})/.test(key)), ...lists]
  }
})
