import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { gate, intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'
import { deliver, scene as receiverScene } from './scene.ts'

const USER = 'web'
const QUEUE = 'acme/only'

/** Reasons why a job cannot be added: the user lacks the right to a command, or a key has another type. */
const OBSTACLES: readonly (
  | { readonly right: string }
  | { readonly key: string; readonly set: readonly [string, ...string[]] }
)[] = [
  ...['lpush', 'xadd', 'zadd', 'hset', 'incr', 'sadd', 'hmget', 'exists'].map((right) => ({
    right,
  })),
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
      // Some commands run only with the first delivery, so one delivery comes before the user loses a right.
      const before = 'right' in obstacle ? ['0'] : []
      for (const id of before) await deliver(one, id)
      const known = await stored()
      await hinder()
      for (const id of ['1', '2', '1', '2', '1']) expect((await one.send(id)).status).toBe(503)
      expect(await stored()).toEqual(known)
      const health = await one.receiver.health()
      expect(health).toMatchObject({ ok: false, accepting: false })
      await repair()
      expect((await one.send('1')).status).toBe(200)
      await one.receiver.close()

      const two = receiverScene(scene.open({ connection }))
      await deliver(two, '2')
      await deliver(two, '1')
      await expect.poll(() => two.done.toSorted()).toEqual([...before, '1', '2'])
      expect(two.runs.toSorted()).toEqual([...before, '1', '2'])
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

  test.each(['hget', 'xtrim', 'lrem'])(
    'no right to %s while a task ends: it runs once, and no other task appears',
    async (right) => {
      const { operator } = scene
      await operator.call('ACL', 'SETUSER', USER, 'reset', 'on', '>pw', '~*', '&*', '+@all')
      const connection = scene.redis.url.replace('//', `//${USER}:pw@`)
      const began = gate()
      const one = receiverScene(scene.open({ connection, deadline: '5s', lease: '1s' }), {
        handler: () => began.passed,
      })
      await deliver(one, '1')
      await expect.poll(() => one.runs).toEqual(['1'])
      await operator.call('ACL', 'SETUSER', USER, `-${right}`)
      began.pass()
      await expect.poll(() => one.warnings.join()).toContain('no permissions')
      if (right === 'lrem')
        await expect
          .poll(async () => (await one.receiver.health()).cause)
          .toMatch(/^missing permission: .*'lrem'/)
      await operator.call('ACL', 'SETUSER', USER, `+${right}`)
      await expect.poll(() => one.done).toEqual(['1'])
      expect(one.runs).toEqual(['1'])
      const [shop, ...more] = await one.inbox.view!.stats()
      expect([shop!.counts, more]).toEqual([{ pending: 0, running: 0, done: 1, dead: 0 }, []])
      await one.receiver.close()
    },
  )

  test('without the right to read events, a sweep drops none', async () => {
    const { operator, prefix } = scene
    await operator.call('ACL', 'SETUSER', USER, 'reset', 'on', '>pw', '~*', '&*', '+@all')
    const connection = scene.redis.url.replace('//', `//${USER}:pw@`)
    const inbox = scene.open({ connection, dedupeWindow: '1ms', keepDone: '1ms' })
    const port = inbox.attach(record())
    await port.accept(intake('1'), {})
    await operator.call('ACL', 'SETUSER', USER, '-hmget')
    const members = await operator.zrange(`${prefix}:index`, '0', '-1')
    expect(members).toHaveLength(1)
    await port.drain!(Date.now() + 3000, 1).catch(() => {})
    await operator.call('ACL', 'SETUSER', USER, '+hmget')
    expect(await operator.zrange(`${prefix}:index`, '0', '-1')).toEqual(members)
    expect(await port.drain!(Date.now() + 10_000, 10)).toMatchObject({ done: 1 })
  })

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

  /** Returns the keys that hold an event or a job. */
  async function stored(): Promise<readonly string[]> {
    const redis = new Redis(scene.redis.url)
    const keys = await redis.keys(`${scene.prefix}:*`)
    const lists = await redis.lrange(`${scene.prefix}:${QUEUE}:wait`, 0, -1).catch(() => [])
    redis.disconnect()
    return [
      ...keys.filter((key) => /:(?:event:|delivery:|e[\w-]{32})/.test(key)).toSorted(),
      ...lists,
    ]
  }
})
