import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis } from '../../../test/services/redis.ts'
import { DONE, gate, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `lane-${at}`)

needs(redisServer).describe('bullmqInbox and its server', () => {
  const scene = redisScene('server')

  test('a Redis that may evict takes nothing, and says why; with unsafe it does', async () => {
    const evicting = await startRedis({ 'maxmemory-policy': 'allkeys-lru' })
    scene.later(() => evicting.stop())
    const careful = record()
    const port = scene.open({ connection: evicting.url }).attach(careful)
    await expect(port.accept(intake('1'), {})).rejects.toMatchObject({
      code: 'inbox_unavailable',
      message: expect.stringContaining('noeviction'),
    })
    expect(careful.warnings.join()).toContain('deliveries get 503')
    const risky = record()
    const other = scene.open({ connection: evicting.url, unsafe: true }).attach(risky)
    expect(await other.accept(intake('1'), {})).toEqual(['new'])
    expect(risky.warnings.join()).toContain('may evict acknowledged events')
  })

  test('it takes deliveries once the policy was mended', async () => {
    const redis = await startRedis({ 'maxmemory-policy': 'volatile-ttl' })
    scene.later(() => redis.stop())
    const inbox = scene.open({ connection: redis.url })
    const port = inbox.attach(record())
    await expect(port.accept(intake('1'), {})).rejects.toThrow('volatile-ttl')
    const operator = new Redis(redis.url)
    await operator.config('SET', 'maxmemory-policy', 'noeviction')
    operator.disconnect()
    const taken = async (): Promise<unknown> => {
      try {
        return await port.accept(intake('1'), {})
      } catch {
        return undefined
      }
    }
    await expect.poll(taken).toEqual(['new'])
  })

  test('a full Redis fails the probe, and is not taken for one with older data', async () => {
    const redis = await startRedis()
    scene.later(() => redis.stop())
    const operator = new Redis(redis.url)
    scene.later(() => operator.disconnect())
    const { passed, pass } = gate()
    const worker = record({ run: () => passed.then(() => DONE) })
    const port = scene.open({ connection: redis.url, lease: '400ms' }).attach(worker)
    port.work!()
    await port.accept(intake('1'), {})
    await expect.poll(() => worker.runs.length).toBe(1)
    await operator.config('SET', 'maxmemory', '1')
    await expect(port.probe!()).rejects.toThrow('OOM')
    const scripts = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await operator.info('commandstats'))?.[1])
    const before = await scripts()
    await expect.poll(scripts).toBeGreaterThan(before + 40)
    expect(worker.runs[0]!.signal?.aborted).toBe(false)
    await operator.config('SET', 'maxmemory', '0')
    pass()
    await expect.poll(() => worker.ended.map(({ stored }) => stored)).toEqual([true])
    expect(worker.warnings.filter((one) => one.includes('older state'))).toEqual([])
  })

  test('a Redis that was emptied while nothing came is told, once for each time', async () => {
    const { port, quiet, operator } = await quietly()
    const told = (): number => quiet.warnings.filter((one) => one.includes('was emptied')).length
    for (const times of [1, 2]) {
      // Waits until the process has looked at the store once more.
      await expect.poll(() => operator.hexists(`${scene.prefix}:schema`, 'mark')).toBe(1)
      const seen = await operator.zrange(`${scene.prefix}:processes`, '0', '-1', 'WITHSCORES')
      await expect
        .poll(() => operator.zrange(`${scene.prefix}:processes`, '0', '-1', 'WITHSCORES'))
        .not.toEqual(seen)
      await operator.flushall()
      await expect.poll(told).toBe(times)
    }
    expect(await port.accept(intake('1'), {})).toEqual(['new'])
  })

  test('a Redis that begins to evict is told while nothing comes, and then rejects', async () => {
    const { port, quiet, operator } = await quietly()
    await operator.set('other', 'x'.repeat(1_000_000))
    await operator.config('SET', 'maxmemory-policy', 'allkeys-random')
    await expect.poll(() => quiet.warnings.join()).toContain('maxmemory-policy is allkeys-random')
    await expect(port.accept(intake('2'), {})).rejects.toThrow('allkeys-random')
    await operator.config('SET', 'maxmemory', '1mb')
    await operator.set('more', 'x').catch(() => {})
    await expect.poll(() => quiet.warnings.join()).toMatch(/evicted \d+ keys.*evicted_keys is/)
  })

  test('a Redis that comes back with an older state is told, and what runs is given back and runs again', async () => {
    const { passed, pass } = gate()
    scene.later(pass)
    const quiet = record({ run: () => passed.then(() => DONE) })
    const inbox = scene.open()
    const port = inbox.attach(quiet)
    port.work!()
    await port.accept(intake('1'), {})
    await expect.poll(() => quiet.runs.length).toBe(1)
    const key = `${scene.prefix}:processes`
    await expect.poll(() => scene.operator.zcard(key)).toBe(1)
    const [self] = await scene.operator.zrange(key, '0', '-1')
    await scene.operator.zincrby(key, -10_000, self!)
    await expect.poll(() => quiet.warnings.join()).toContain('older state')
    await expect
      .poll(() => quiet.runs[0]!.signal?.reason)
      .toMatchObject({
        message: expect.stringContaining('Redis lost this claim'),
      })
    pass()
    await expect.poll(() => quiet.ended.map(({ stored }) => stored)).toEqual([false, true])
    expect((await inbox.view!.stats())[0]!.counts).toMatchObject({ pending: 0, done: 1 })
  })

  test('a renewal that Redis rejects is told to health, without a delivery', async () => {
    const redis = await startRedis()
    scene.later(() => redis.stop())
    const failures: unknown[] = []
    const { passed, pass } = gate()
    scene.later(pass)
    const worker = record({ run: () => passed.then(() => DONE) })
    const consumer = { ...worker, failed: (error: unknown) => void failures.push(error) }
    const port = scene.open({ connection: redis.url, lease: '400ms' }).attach(consumer)
    port.work!()
    await port.accept(intake('1'), {})
    await expect.poll(() => worker.runs.length).toBe(1)
    const operator = new Redis(redis.url)
    scene.later(() => operator.disconnect())
    await operator.replicaof('127.0.0.1', redis.port)
    await expect.poll(() => failures.map(String).join()).toContain('READONLY')
    await expect(port.probe!()).rejects.toThrow('READONLY')
    await operator.replicaof('NO', 'ONE')
    await port.probe!()
  })

  test('500 subscriptions take their first delivery within the deadline, while they start to work', async () => {
    const lanes = names(500).map((name) => lane(name))
    const consumer = record({ lanes })
    const port = scene.open().attach(consumer)
    port.work!()
    const all = lanes.map(({ name }) => ({ subscription: name }))
    expect(await port.accept(intake('1', all), {})).toEqual(['new'])
    expect(await port.accept(intake('2', all.slice(0, 1)), {})).toEqual(['new'])
    await expect.poll(() => consumer.ended.length).toBe(501)
  })

  test('1,200 subscriptions and 2,400 former names share three connections', async () => {
    const redis = await startRedis()
    scene.later(() => redis.stop())
    const operator = new Redis(redis.url)
    scene.later(() => operator.disconnect())
    const before = Number(/connected_clients:(\d+)/.exec(await operator.info('clients'))![1])
    const lanes = names(1200).map((name) =>
      lane(name, { previousNames: [`${name}-1`, `${name}-2`], concurrency: 1 }),
    )
    const consumer = record({ lanes })
    const port = scene.open({ connection: redis.url }).attach(consumer)
    port.work!()
    const wanted = ['lane-0', 'lane-700-1', 'lane-1199'].map((subscription) => ({ subscription }))
    expect(await port.accept(intake('1', wanted), {})).toEqual(['new'])
    await expect.poll(() => consumer.ended.length).toBe(3)
    const after = Number(/connected_clients:(\d+)/.exec(await operator.info('clients'))![1])
    expect(after - before).toBeLessThanOrEqual(3)
  })

  test.each(['is away', 'hangs'])(
    'closing waits no longer than it was told while Redis %s',
    async (how) => {
      const redis = await startRedis()
      const inbox = scene.open({ connection: redis.url })
      const consumer = record({ run: () => new Promise(() => {}) })
      const port = inbox.attach(consumer)
      await port.accept(intake('1'), {})
      port.work!()
      await expect.poll(() => consumer.runs.length).toBe(1)
      if (how === 'hangs') redis.pause()
      else await redis.down()
      const closed = Promise.all([port.close(Date.now() + 300), inbox.close()]).then(() => 'closed')
      // 3 s is far longer than the given deadline of 300 ms, and far shorter than BullMQ's own waits.
      const late = new Promise((resolve) => setTimeout(resolve, 3000, 'late'))
      expect(await Promise.race([closed, late])).toBe('closed')
      if (how === 'is away') await redis.up()
      await redis.stop()
    },
  )

  /** Creates a receiver on its own Redis, and stores one delivery. */
  async function quietly() {
    const redis = await startRedis()
    scene.later(() => redis.stop())
    const operator = new Redis(redis.url)
    scene.later(() => operator.disconnect())
    const quiet = record()
    const port = scene.open({ connection: redis.url }).attach(quiet)
    await port.accept(intake('1'), {})
    return { port, quiet, operator }
  }
})
