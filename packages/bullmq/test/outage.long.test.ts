// Takes 35 s.
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox, type BullmqInboxOptions } from '../src/index.ts'
import { gate } from './consumer.ts'
import { startProxy } from './proxy.ts'
import { deliver, scene, type Scene } from './scene.ts'

needs(redisServer).describe('bullmqInbox, when Redis', () => {
  let redis: RedisService
  let endings: (() => Promise<unknown>)[] = []
  beforeEach(async () => {
    redis = await startRedis()
    endings = [() => redis.stop()]
  })
  afterEach(async () => {
    for (const end of endings.toReversed()) await end()
  })

  test('is away at the start: 503 at once, a warning, and all is well when it comes', async () => {
    await redis.down()
    const web = open({ work: false })
    const worker = open()
    const later = open({ work: false })
    for (const { warnings } of [web, later])
      await expect.poll(() => warnings).toContainEqual(expect.stringContaining('Redis fails'))
    void later.receiver.startWorker()
    expect(await web.send('1')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    await redis.up()
    await deliver(web, '1')
    await expect.poll(() => [...worker.done, ...later.done]).toEqual(['1'])
    await worker.receiver.close({ timeout: 0 })
    await deliver(web, '2')
    await expect.poll(() => later.done).toContain('2')
  })

  test('hangs: 503 within the deadline; what got through late is taken once, and known', async () => {
    const web = open({ work: false }, { deadline: 150 })
    const worker = open()
    await deliver(web, 'before')
    await expect.poll(() => worker.done).toEqual(['before'])
    redis.pause()
    const replies = await Promise.all(['1', '2', '3'].map((id) => web.send(id)))
    expect(replies.map(({ status }) => status)).toEqual([503, 503, 503])
    redis.resume()
    for (const id of ['1', '2', '3']) await deliver(web, id)
    await expect.poll(() => worker.done.toSorted()).toEqual(['1', '2', '3', 'before'])
    expect(worker.runs).toHaveLength(4)
  })

  test('swallows all bytes of the lines that are open: deliveries and workers go on over new ones', async () => {
    const proxy = await startProxy(redis.port)
    endings.push(() => proxy.stop())
    const options = { connection: proxy.url, deadline: 500 }
    const web = open({ work: false }, options)
    const worker = open({}, options)
    await deliver(web, 'before')
    await expect.poll(() => worker.done).toEqual(['before'])
    proxy.swallow()
    for (const id of ['1', '2', '3']) await deliver(web, id)
    await expect.poll(() => worker.done.toSorted()).toEqual(['1', '2', '3', 'before'])
    expect(worker.runs).toHaveLength(4)
  })

  test('ends all connections of an app whose ioredis gives up, and lets no command wait: they are made again, and tasks run', async () => {
    const connection = {
      host: '127.0.0.1',
      port: redis.port,
      commandTimeout: 400,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => null,
    }
    const web = open({ work: false }, { connection })
    const worker = open({}, { connection })
    await deliver(web, 'before')
    await expect.poll(() => worker.done).toEqual(['before'])
    const operator = new Redis(redis.url)
    endings.push(async () => operator.disconnect())
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    for (const id of ['1', '2', '3']) await deliver(web, id)
    await expect.poll(() => worker.done.toSorted()).toEqual(['1', '2', '3', 'before'])
  })

  test('is killed, hangs and comes back under load: nothing acknowledged is lost, nothing settled runs again', async () => {
    const options = { deadline: 200, lease: '1s' } satisfies Partial<BullmqInboxOptions>
    const webs = [open({ work: false }, options), open({ work: false }, options)]
    const workers = [open({}, options), open({}, options)]
    const settled = new Set<string>()
    let again = 0
    for (const { done, runs } of workers) {
      // Counts tasks that run again although they were settled.
      runs.push = (...ids) => {
        for (const id of ids) if (settled.has(id)) again++
        return Array.prototype.push.apply(runs, ids)
      }
      done.push = (...ids) => {
        for (const id of ids) settled.add(id)
        return Array.prototype.push.apply(done, ids)
      }
    }
    const statuses = new Set<number>()
    const rejected = { count: 0 }
    const told = (status: number): void => {
      statuses.add(status)
      if (status === 503) rejected.count++
    }
    let sent = 0
    let over = false
    const senders = Array.from({ length: 16 }, async (_, at) => {
      while (!over) await deliver(webs[at % 2]!, `e${sent++}`, told)
    })
    for (let round = 0; round < 3; round++) {
      await more(150)
      await redis.down()
      const before = rejected.count
      await expect.poll(() => rejected.count).toBeGreaterThan(before + 16)
      await redis.up()
      await more(150)
      redis.pause()
      const then = rejected.count
      await expect.poll(() => rejected.count).toBeGreaterThan(then + 16)
      redis.resume()
    }
    await more(150)
    over = true
    await Promise.all(senders)
    // Counts in Redis, not in the workers: Redis may have stored an outcome whose reply was lost when it was killed.
    const stored = async (): Promise<number> => {
      const [only] = await webs[0]!.inbox.view!.stats()
      return only!.counts.done
    }
    await expect.poll(stored).toBe(sent)
    expect(again).toBe(0)
    expect(statuses).toEqual(new Set([503, 200]))
    expect(rejected.count).toBeGreaterThan(100)
    console.log(
      `${sent} events through 3 kills and 3 hangs of Redis, ${rejected.count} replies of 503, ${workers.flatMap(({ runs }) => runs).length - sent} runs repeated`,
    )

    async function more(count: number): Promise<void> {
      const from = sent
      await expect.poll(() => sent).toBeGreaterThan(from + count)
    }
  })

  test('has forgotten its scripts: the redelivery is taken', async () => {
    const web = open()
    await deliver(web, '1')
    const operator = new Redis(redis.url)
    await operator.script('FLUSH')
    operator.disconnect()
    await deliver(web, '2')
    await expect.poll(() => web.done.toSorted()).toEqual(['1', '2'])
    expect(web.runs).toHaveLength(2)
  })

  test('is full: nothing is taken, and all is well when there is room', async () => {
    const web = open()
    await deliver(web, '1')
    await expect.poll(() => web.done).toEqual(['1'])
    const operator = new Redis(redis.url)
    await operator.config('SET', 'maxmemory', '1')
    const reply = await web.send('2')
    expect([reply.status, web.runs.length]).toEqual([503, 1])
    expect(web.rejected.at(-1)).toMatch(/could not be added: OOM command not allowed/)
    expect(await web.receiver.health()).toMatchObject({
      accepting: false,
      cause: expect.stringMatching(/^out of memory/),
    })
    await operator.config('SET', 'maxmemory', '0')
    operator.disconnect()
    await accepts(web)
    expect((await web.send('2')).status).toBe(200)
    await expect.poll(() => web.done).toEqual(['1', '2'])
  })

  test('takes no writes for longer than the lease: what had ended is kept, told, and not run again', async () => {
    const { passed, pass } = gate()
    const one = open({ handler: () => passed }, { lease: '500ms' })
    for (const id of ['1', '2', '3', '4']) await deliver(one, id)
    await expect.poll(() => one.runs.length).toBe(4)
    const operator = new Redis(redis.url)
    endings.push(async () => operator.disconnect())
    await operator.replicaof('127.0.0.1', redis.port)
    pass()
    await expect.poll(() => one.warnings.join()).toContain('READONLY')
    const locks = async (): Promise<number> => (await operator.keys('*:lock')).length
    await expect.poll(locks).toBe(0)
    await operator.replicaof('NO', 'ONE')
    await expect.poll(() => one.done.toSorted()).toEqual(['1', '2', '3', '4'])
    expect(one.runs).toHaveLength(4)
  })

  test('has two troubles one after the other: both are told', async () => {
    const gates = { 1: gate(), 2: gate() }
    const web = open({ handler: (id) => gates[id as unknown as 1 | 2].passed })
    for (const id of ['1', '2']) await deliver(web, id)
    await expect.poll(() => web.runs.length).toBe(2)
    const operator = new Redis(redis.url)
    await operator.config('SET', 'maxmemory', '1')
    expect((await web.send('3')).status).toBe(503)
    await told('OOM')
    gates[1].pass()
    await operator.config('SET', 'maxmemory', '0')
    await expect.poll(() => web.done).toEqual(['1'])
    await operator.replicaof('127.0.0.1', redis.port)
    gates[2].pass()
    await told('READONLY')
    await operator.replicaof('NO', 'ONE')
    operator.disconnect()
    await expect.poll(() => web.done).toEqual(['1', '2'])

    async function told(what: string): Promise<void> {
      const said = expect.stringMatching(new RegExp(`Redis fails: .*${what}`))
      await expect.poll(() => web.warnings).toContainEqual(said)
    }
  })

  test('becomes a replica: the rejection and health say read-only until it is a primary again', async () => {
    const web = open({ work: false })
    await deliver(web, '1')
    const operator = new Redis(redis.url)
    await operator.replicaof('127.0.0.1', redis.port)
    expect((await web.send('2')).status).toBe(503)
    expect(web.rejected.at(-1)).toContain('READONLY')
    expect(await web.receiver.health()).toMatchObject({
      accepting: false,
      cause: expect.stringMatching(/^read-only/),
    })
    await operator.replicaof('NO', 'ONE')
    await accepts(web)
    operator.disconnect()
    expect((await web.send('2')).status).toBe(200)
  })

  test('begins to evict: health names the policy until it is mended, and its writes leave nothing', async () => {
    await redis.stop()
    redis = await startRedis({ 'maxmemory-policy': 'allkeys-lru' })
    endings.push(() => redis.stop())
    const web = open({ work: false })
    expect((await web.send('1')).status).toBe(503)
    expect(await web.receiver.health()).toMatchObject({
      accepting: false,
      cause: expect.stringMatching(/^eviction policy/),
    })
    const operator = new Redis(redis.url)
    await operator.config('SET', 'maxmemory-policy', 'noeviction')
    await accepts(web)
    const keys = await operator.keys('*')
    expect(keys.filter((key) => key.includes('probe'))).toEqual([])
    operator.disconnect()
  })

  test('may forget: it warns', async () => {
    const unsafe = await startRedis({
      appendonly: 'no',
      appendfsync: 'no',
      'maxmemory-policy': 'allkeys-lru',
    })
    const { warnings } = open({}, { connection: unsafe.url })
    await expect
      .poll(() => warnings)
      .toEqual([
        expect.stringContaining('noeviction'),
        expect.stringContaining('appendonly yes'),
        expect.stringContaining('appendfsync'),
      ])
    await unsafe.stop()
  })

  async function accepts({ receiver }: Scene): Promise<void> {
    await expect.poll(async () => (await receiver.health()).accepting).toBe(true)
  }

  function open(
    how: Parameters<typeof scene>[1] = {},
    options: Partial<BullmqInboxOptions> = {},
  ): Scene {
    const inbox = bullmqInbox({ connection: redis.url, ...options })
    const made = scene(inbox, how)
    endings.push(async () => {
      await made.receiver.close({ timeout: 0 })
      await inbox.close()
    })
    return made
  }
})
