import { inlineInbox, createReceiver } from '@postern/core'
import { acme, testLedger } from '@postern/testing'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { redisLedger, type RedisLedgerOptions } from '../src/index.ts'

needs(redisServer).describe('redisLedger', () => {
  let redis: RedisService
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis?.stop())

  let made = 0
  testLedger(
    async () => {
      const prefix = `contract-${made++}:`
      const [ledger, other] = [open({ prefix }), open({ prefix })]
      await Promise.all([connected(ledger), connected(other)])
      return { ledger, other }
    },
    { describe, test },
  )

  test('has one winner in each of 200 races of 50 contenders on 5 connections', async () => {
    const ledgers = Array.from({ length: 5 }, () => open({ prefix: 'race:' }))
    await Promise.all(ledgers.map(connected))
    let winners = 0
    let busy = 0
    for (let race = 0; race < 200; race++) {
      const claims = await Promise.all(
        Array.from({ length: 50 }, async (_, at) =>
          ledgers[at % 5]!.claim(`race ${race}`, `token ${at}`, 60_000),
        ),
      )
      winners += claims.filter(({ kind }) => kind === 'claimed').length
      busy += claims.filter(({ kind }) => kind === 'busy').length
    }
    expect([winners, busy]).toEqual([200, 200 * 49])
    await Promise.all(ledgers.map((ledger) => ledger.close!()))
  })

  test('forgets after its window', async () => {
    const ledger = open({ prefix: 'window:', dedupeWindow: '40ms' })
    await connected(ledger)
    await ledger.claim('k', 'a', 60_000)
    await ledger.commit('k', 'a')
    await expect
      .poll(async () => ledger.claim('k', 'b', 1))
      .toMatchObject({ kind: 'claimed', claims: 1 })
    await ledger.close!()
  })

  test('takes nothing while Redis is away, and goes on when it is back, with what it knew', async () => {
    const ledger = open({ prefix: 'away:' })
    await connected(ledger)
    await ledger.claim('done', 'a', 60_000)
    await ledger.commit('done', 'a')
    await redis.down()
    await expect(ledger.claim('new', 'a', 60_000)).rejects.toMatchObject({
      code: 'inbox_unavailable',
      status: 503,
    })
    await redis.up()
    await connected(ledger)
    expect(await ledger.claim('done', 'b', 60_000)).toEqual({ kind: 'done' })
    expect(await ledger.claim('new', 'b', 60_000)).toMatchObject({ kind: 'claimed', claims: 1 })
    await ledger.close!()
  })

  test('takes nothing while Redis is away at the start, and goes on when it comes', async () => {
    await redis.down()
    const ledger = open({ prefix: 'start:' })
    const warnings: string[] = []
    ledger.listen!((message) => warnings.push(message))
    await expect(ledger.claim('k', 'a', 60_000)).rejects.toMatchObject({ status: 503 })
    await expect.poll(() => warnings).toEqual([expect.stringContaining('not reachable')])
    await redis.up()
    await connected(ledger)
    expect(await ledger.claim('k', 'b', 60_000)).toMatchObject({ claims: 1 })
    await ledger.close!()
  })

  test('gives up on a Redis that hangs, and undoes a claim that got through late', async () => {
    const ledger = open({ prefix: 'hung:', deadline: 100 })
    const other = open({ prefix: 'hung:' })
    await Promise.all([connected(ledger), connected(other)])
    redis.pause()
    await expect(ledger.claim('k', 'a', 60_000)).rejects.toMatchObject({
      code: 'inbox_unavailable',
      message: expect.stringContaining('100 ms'),
    })
    redis.resume()
    await expect.poll(async () => (await other.claim('k', 'b', 60_000)).kind).toBe('claimed')
    await Promise.all([ledger.close!(), other.close!()])
  })

  test('runs an event once over processes: a client of the user, the script cache flushed', async () => {
    const client = new Redis(redis.url)
    const receivers = [client, redis.url].map((connection) => {
      const ledger = redisLedger({ connection, prefix: 'inbox:' })
      const provider = acme({ secret: 'suite-secret' })
      const receiver = createReceiver({ provider, inbox: inlineInbox({ ledger }), log: false })
      let runs = 0
      receiver.on('thing.happened', (_, task) => {
        runs++
        if (task.attempt === 1) throw new Error('once')
      })
      return { receiver, ledger, provider, runs: () => runs }
    })
    const [one, two] = [receivers[0]!, receivers[1]!]
    await connected(one.ledger)
    await connected(two.ledger)
    const send = async ({ receiver, provider }: typeof one): Promise<number> =>
      (await receiver.receive(provider.sign!({ id: 'e1', payload: {} }))).status
    expect(await send(one)).toBe(503)
    await client.script('FLUSH')
    expect(await send(two)).toBe(200)
    expect(await send(one)).toBe(200)
    expect([one.runs(), two.runs()]).toEqual([1, 1])
    await Promise.all([one.ledger.close!(), two.ledger.close!()])
    expect(client.status).toBe('ready')
    client.disconnect()
  })

  test('one reply waits for it once, however many of its calls a Redis that hangs leaves without an answer', async () => {
    const [ledger, other] = [open({ prefix: 'one:' }), open({ prefix: 'one:' })]
    await Promise.all([connected(ledger), connected(other)])
    const provider = acme({ secret: 'suite-secret' })
    const receiver = createReceiver({ provider, inbox: inlineInbox({ ledger }), log: false })
    let next = (): void => {}
    const first = new Promise<void>((resolve) => (next = resolve))
    const ended: string[] = []
    const renew = ledger.renew.bind(ledger)
    const calls = { count: 0 }
    Object.assign(ledger, {
      async renew(...args: Parameters<typeof renew>) {
        calls.count++
        return Promise.resolve(renew(...args)).finally(next)
      },
    })
    receiver.on('thing.happened', { name: 'first' }, () => redis.pause())
    receiver.on('thing.happened', { name: 'second' }, () => first)
    const reply = receiver.receive(provider.sign!({ id: 'e1', payload: {} }))
    // This call starts together with the receiver's second call, so both have the same time limit.
    const another = first.then(() => other.claim('k', 'a', 60_000)).catch(() => ended.push('other'))
    await reply.then(({ status }) => ended.push(String(status)))
    await another
    redis.resume()
    expect(ended).toEqual(['503', 'other'])
    expect(calls.count).toBe(1)
    await Promise.all([receiver.close(), other.close!()])
  })

  test('warns where Redis may forget', async () => {
    const unsafe = await startRedis({ appendonly: 'no', 'maxmemory-policy': 'allkeys-lru' })
    const ledger = redisLedger({ connection: unsafe.url })
    const warnings: string[] = []
    ledger.listen!((message) => warnings.push(message))
    await expect
      .poll(() => warnings)
      .toEqual([expect.stringContaining('noeviction'), expect.stringContaining('appendonly yes')])
    await ledger.close!()
    await unsafe.stop()
  })

  test('waits for its connection up to the deadline', async () => {
    await redis.down()
    const ledger = open({ prefix: 'wait:', deadline: '10s' })
    const claim = ledger.claim('k', 'a', 60_000)
    await redis.up()
    expect(await claim).toMatchObject({ kind: 'claimed', claims: 1 })
    await ledger.close!()
    await expect(ledger.claim('k', 'b', 1)).rejects.toMatchObject({ status: 503 })
    const client = new Redis(redis.url, { lazyConnect: true })
    const lazy = open({ connection: client, prefix: 'lazy:' })
    expect(await lazy.claim('k', 'a', 60_000)).toMatchObject({ kind: 'claimed' })
    client.disconnect()
  })

  test('tells that Redis was emptied or begins to evict, while nothing comes', async () => {
    const server = await startRedis()
    const operator = new Redis(server.url)
    const ledger = open({ connection: server.url, prefix: 'quiet:' })
    const warnings: string[] = []
    ledger.listen!((message) => warnings.push(message))
    await expect.poll(() => operator.exists('quiet:mark')).toBe(1)
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await expect.poll(() => warnings.join()).toContain('maxmemory-policy is allkeys-lru')
    await operator.flushall()
    await expect.poll(() => warnings.join()).toContain('it was emptied')
    await ledger.close!()
    operator.disconnect()
    await server.stop()
  })

  test('rejects options that make no sense', () => {
    const connection = redis.url
    expect(() => redisLedger({ connection, dedupeWindow: 0 })).toThrow('redisLedger: dedupeWindow')
    expect(() => redisLedger({ connection, deadline: 'soon' as never })).toThrow(
      'redisLedger: deadline',
    )
    expect(() => redisLedger({ connection, deadlin: 1 } as never)).toThrow('mean deadline?')
    for (const missing of [undefined, {}, { connection: undefined }, { connection: '' }])
      expect(() => redisLedger(missing as never)).toThrow(
        /^redisLedger: connection must be a URL such as 'redis:/,
      )
  })

  test('on a Cluster keeps an event and its guards in one slot', () => {
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
    expect(() => redisLedger({ connection: cluster, prefix: 'app:' })).toThrow(
      /^redisLedger: prefix must have a hash tag/,
    )
    expect(() => redisLedger({ connection: cluster, prefix: 'a{}:' })).toThrow('hash tag')
    for (const prefix of [undefined, '{app}:'])
      expect(() =>
        redisLedger({ connection: cluster, ...(prefix !== undefined && { prefix }) }),
      ).not.toThrow()
    cluster.disconnect()
  })

  function open(options: Partial<RedisLedgerOptions>): ReturnType<typeof redisLedger> {
    return redisLedger({ connection: redis.url, ...options })
  }

  async function connected(ledger: ReturnType<typeof redisLedger>): Promise<void> {
    await expect
      .poll(() => Promise.resolve(ledger.renew('nothing', '', 1)).catch(String), {
        timeout: 10_000,
      })
      .toBe(false)
  }
})
