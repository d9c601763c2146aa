import { createReceiver, UnrecoverableError } from '@postern/core'
import type { Consumer, Intake } from '@postern/core/engine'
import { acme } from '@postern/testing'
import { Queue } from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../test/services/redis.ts'
import { bullmqInbox } from '../src/index.ts'
import { deliver, scene } from './scene.ts'

test('bullmqInbox rejects options that make no sense', () => {
  expect(() => bullmqInbox({ connection: 'redis://x', prefix: '' })).toThrow('bullmqInbox: prefix')
  const connection = 'redis://127.0.0.1:1'
  expect(() => bullmqInbox({ connection, maxPending: 0 })).toThrow('bullmqInbox: maxPending')
  expect(() => bullmqInbox({ connection, maxPendingShare: 2 })).toThrow('from above 0 to 1')
  expect(() => bullmqInbox({ connection, unsafe: 'yes' } as never)).toThrow('bullmqInbox: unsafe')
  expect(() => bullmqInbox({ connection, deadline: 0 })).toThrow('bullmqInbox: deadline')
  expect(() => bullmqInbox({ connection, keepDone: 'soon' as never })).toThrow(
    'bullmqInbox: keepDone',
  )
  expect(() => bullmqInbox({ connection, keepDead: 1000 as never })).toThrow("write '1000ms'")
  expect(() => bullmqInbox({ connection, maxWating: 1 } as never)).toThrow(TypeError)
  expect(() => bullmqInbox({ connection: undefined } as never)).toThrow(TypeError)
  expect(() => bullmqInbox({ connection: undefined } as never)).toThrow('bullmqInbox: connection')
  expect(() => bullmqInbox(undefined as never)).toThrow('bullmqInbox: connection')
  const cluster = new Cluster([], { lazyConnect: true })
  expect(() => bullmqInbox({ connection: cluster, prefix: 'plain' })).toThrow('in braces')
})

needs(redisServer).describe('bullmqInbox', () => {
  let redis: RedisService
  let operator: Redis
  beforeAll(async () => {
    redis = await startRedis()
    operator = new Redis(redis.url)
  })
  afterAll(async () => {
    operator?.disconnect()
    await redis?.stop()
  })

  test('stores a delivery once, whatever its events and subscriptions, and its bytes as they are', async () => {
    const inbox = bullmqInbox({ connection: redis.url, prefix: '{once}' })
    const port = inbox.attach(consumer())
    const body = Uint8Array.of(0, 255, 10, 13, 195, 40)
    await port.accept(intake(body, ['1', '2', '3'], ['a', 'b']), {})
    const keys = await operator.keys('{once}:*')
    expect(keys.filter((key) => key.startsWith('{once}:delivery:'))).toHaveLength(1)
    expect(keys.filter((key) => key.startsWith('{once}:event:'))).toHaveLength(3)
    const { rows: tasks } = await inbox.view!.list()
    expect(tasks).toHaveLength(6)
    for (const { id } of tasks) {
      const detail = await inbox.view!.get(id)
      expect(Buffer.from(detail!.delivery.body)).toEqual(Buffer.from(body))
    }
    await inbox.close()
  })

  test('of many redeliveries of a dead event at once, revives it by exactly one', async () => {
    const inboxes = [1, 2].map(() => bullmqInbox({ connection: redis.url, prefix: '{revive}' }))
    let broken = true
    const [one, two] = inboxes.map((inbox) =>
      scene(inbox, {
        handler() {
          if (broken) throw new UnrecoverableError('broken')
        },
      }),
    ) as [ReturnType<typeof scene>, ReturnType<typeof scene>]
    for (let round = 1; round <= 20; round++) {
      const id = `e${round}`
      broken = true
      await deliver(one, id)
      await expect
        .poll(async () => (await inboxes[0]!.view!.list({ state: 'dead' })).rows.length)
        .toBe(1)
      broken = false
      const replies = await Promise.all(
        Array.from({ length: 10 }, (_, at) => (at % 2 ? one : two).send(id)),
      )
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      await expect.poll(() => one.done.length + two.done.length).toBe(round)
    }
    expect(one.runs.length + two.runs.length).toBe(40)
    await Promise.all([one, two].map(({ receiver }) => receiver.close()))
    await Promise.all(inboxes.map((inbox) => inbox.close()))
  })

  test('forgets in the background what is over its time, and all of it', async () => {
    const inbox = bullmqInbox({
      connection: redis.url,
      prefix: '{sweep}',
      dedupeWindow: '1s',
      keepDone: '1s',
      keepDead: '1s',
    })
    const one = scene(inbox, {
      handler(id) {
        if (id === 'dead') throw new UnrecoverableError('no')
      },
    })
    await deliver(one, 'done')
    await deliver(one, 'dead')
    await expect.poll(() => one.runs.length).toBe(2)
    await expect
      .poll(async () =>
        [await operator.keys('{sweep}:event:*'), await operator.keys('{sweep}:*:e*')]
          .flat()
          .filter((key) => !key.endsWith(':events')),
      )
      .toEqual([])
    expect(await operator.zcard('{sweep}:index')).toBe(0)
    await one.receiver.close()
    await inbox.close()
  })

  test('keeps dead tasks where operators of BullMQ look for them, with their reason', async () => {
    const inbox = bullmqInbox({ connection: redis.url, prefix: '{failed}' })
    const one = scene(inbox, {
      handler() {
        throw new UnrecoverableError('the account is closed')
      },
    })
    await deliver(one, '1')
    const queue = new Queue('acme/only', { connection: operator as never, prefix: '{failed}' })
    await expect.poll(async () => (await queue.getFailed()).length).toBe(1)
    const [job] = await queue.getFailed()
    expect([job!.name, job!.failedReason]).toEqual(['thing.happened', 'the account is closed'])
    expect(job!.stacktrace?.[0]).toContain('UnrecoverableError: the account is closed')
    await queue.close()
    await one.receiver.close()
    await inbox.close()
  })

  test('whatever is thrown, by a handler or by the data of a child, ends its task and not the process', async () => {
    const inbox = bullmqInbox({ connection: redis.url, prefix: '{thrown}' })
    const hostile = {
      get message(): never {
        throw hostile
      },
      toString(): never {
        throw hostile
      },
    }
    const throwing = new Error('kept')
    Object.defineProperty(throwing, 'message', {
      get() {
        throw revoked()
      },
    })
    const thrown: Record<string, unknown> = {
      revoked: revoked(),
      hostile,
      throwing,
      bare: Object.create(null),
      nothing: undefined,
      symbol: Symbol('s'),
    }
    let dead = true
    const one = scene(inbox, {
      handler(id, task) {
        if (id.startsWith('child')) {
          const what = thrown[id.slice(6)]
          const data = {
            toJSON() {
              throw what
            },
          }
          task.spawn([{ part: 'p', data: data as never }])
        } else if (dead) throw thrown[id]
      },
    })
    const ids = Object.keys(thrown)
    for (const id of ids) await deliver(one, id)
    for (const id of ids) await deliver(one, `child-${id}`)
    const children = async (): Promise<number> =>
      (await inbox.view!.list()).rows.filter(
        ({ event, attempts, state }) =>
          (state === 'dead' || attempts! > 0) && event.id!.startsWith('child'),
      ).length
    await expect.poll(children).toBe(ids.length)
    await expect
      .poll(async () => (await inbox.view!.list()).rows.filter((row) => row.error).length)
      .toBe(2 * ids.length)
    dead = false
    await inbox.view!.replay({ state: 'pending' })
    await expect.poll(() => one.done.toSorted()).toEqual(ids.toSorted())
    await one.receiver.close()
    await inbox.close()
  })

  test('takes names and ids that BullMQ itself would reject', async () => {
    const inbox = bullmqInbox({ connection: redis.url, prefix: '{names}' })
    const provider = acme({ secret: 'suite-secret' })
    const receiver = createReceiver({ provider, inbox, name: 'a:b/{c}', log: false })
    const ran: string[] = []
    receiver.on('thing.happened', { name: 'x:y/z ü' }, (event) => {
      ran.push(event.id!)
    })
    const ids = ['1', '0', 'a:b', '0:1:2', ' ', '{x}', 'l'.repeat(300), 'é']
    for (const id of ids) {
      const init = { ...provider.sign!({ id: 'x', payload: {} }) }
      const headers = { ...(init.headers as Record<string, string>), 'x-acme-id': id }
      const send = async (): Promise<number> =>
        (await receiver.receive({ ...init, headers })).status
      await expect.poll(send).toBe(200)
    }
    await expect.poll(() => ran.length).toBe(ids.length)
    expect((await inbox.view!.stats())[0]).toMatchObject({
      receiver: 'a:b/{c}',
      subscription: 'x:y/z ü',
    })
    await receiver.close()
    await inbox.close()
  })

  test('works on a Cluster, and on a client of the user, which stays open', async () => {
    const node = await startRedis({ 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' })
    const direct = new Redis(node.url)
    await direct.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect
      .poll(async () => String(await direct.call('CLUSTER', 'INFO')))
      .toContain('cluster_state:ok')
    const cluster = new Cluster([{ host: '127.0.0.1', port: node.port }])
    const inbox = bullmqInbox({ connection: cluster })
    const one = scene(inbox, {
      handler(id, task) {
        if (task.part === undefined) task.spawn([{ part: `${id} child` }])
      },
    })
    for (const id of ['1', '2', '3']) await deliver(one, id)
    await expect.poll(() => one.done.length).toBe(6)
    expect((await inbox.view!.list()).rows.map(({ state }) => state)).toEqual(
      Array.from({ length: 6 }, () => 'done'),
    )
    await one.receiver.close()
    await inbox.close()
    expect(await cluster.ping()).toBe('PONG')
    cluster.disconnect()
    direct.disconnect()
    await node.stop()
  })
})

function consumer(): Consumer {
  return {
    receiver: 'acme',
    retrySpan: 0,
    lanes: () => [],
    run: () => ({ kind: 'done' }),
    settled() {},
    warn() {},
    now: Date.now,
  }
}

function intake(
  body: Uint8Array,
  ids: readonly string[],
  subscriptions: readonly string[],
): Intake {
  const delivery = { method: 'POST', url: '/', headers: [], body, receivedAt: Date.now() }
  return {
    delivery,
    items: ids.map((id) => ({
      event: {
        key: `:${id}`,
        dedupe: true,
        id,
        topic: 'thing.happened',
        aliases: [],
        payload: { id },
        tenant: undefined,
        provider: 'acme',
      },
      tasks: subscriptions.map((subscription) => ({ subscription })),
    })),
  }
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
