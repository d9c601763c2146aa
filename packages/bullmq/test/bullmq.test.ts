import { createReceiver, UnrecoverableError } from '@postern/core'
import type { Outcome, TaskDraft } from '@postern/core/engine'
import { acme } from '@postern/testing'
import { Queue } from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { startRedis } from '../../../test/services/redis.ts'
import { item, storedDelivery } from '../../testing/src/inbox/make.ts'
import { bullmqInbox } from '../src/index.ts'
import { DONE, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'
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
  const redis = redisScene('main')

  test('stores a delivery once, whatever its events and subscriptions, and its bytes as they are', async () => {
    const inbox = redis.open()
    const body = Uint8Array.of(0, 255, 10, 13, 195, 40)
    const items = ['1', '2', '3'].map((id) => item(id, ['a', 'b']))
    await inbox.attach(record()).accept({ delivery: storedDelivery({ body }), items }, {})
    expect(await redis.operator.keys(`${redis.prefix}:delivery:*`)).toHaveLength(1)
    expect(await redis.operator.keys(`${redis.prefix}:event:*`)).toHaveLength(3)
    const { rows: tasks } = await inbox.view!.list()
    expect(tasks).toHaveLength(6)
    for (const { id } of tasks) {
      const detail = await inbox.view!.get(id)
      expect(Buffer.from(detail!.delivery.body)).toEqual(Buffer.from(body))
    }
  })

  test('forgets in the background what is over its time, and all of it', async () => {
    const one = scene(redis.open({ dedupeWindow: '1s', keepDone: '1s', keepDead: '1s' }), {
      handler(id) {
        if (id === 'dead') throw new UnrecoverableError('no')
      },
    })
    await deliver(one, 'done')
    await deliver(one, 'dead')
    await expect.poll(() => one.runs.length).toBe(2)
    await expect.poll(() => left(['event:*', '*:e*'])).toEqual([])
    expect(await redis.operator.zcard(`${redis.prefix}:index`)).toBe(0)
    await one.receiver.close()
  })

  test('forgets what is over its time, with its guards, on a host that never works', async () => {
    const attached = () => redis.open({ dedupeWindow: '1ms', keepDone: '1ms' }).attach(record())
    const guarded = (id: string) =>
      intake(id, undefined, { guards: [{ key: 'nonce', otherwise: 'reject' }] })
    const port = attached()
    expect(await port.accept(guarded('1'), {})).toEqual(['new'])
    // Each process deletes old events at most once a minute, so each poll attaches a new one. The first drain may end
    // in the millisecond in which it settled the task, when nothing is old yet.
    await expect
      .poll(async () => {
        await attached().drain!(Date.now() + 5000, 10)
        return left(['event:*', 'guard:*'])
      })
      .toEqual([])
    expect(await port.accept(guarded('2'), {})).toEqual(['new'])
  })

  test('keeps dead tasks where operators of BullMQ look for them, with their reason', async () => {
    const one = scene(redis.open(), {
      handler() {
        throw new UnrecoverableError('the account is closed')
      },
    })
    await deliver(one, '1')
    const queue = new Queue('acme/only', {
      connection: redis.operator as never,
      prefix: redis.prefix,
    })
    await expect.poll(async () => (await queue.getFailed()).length).toBe(1)
    const [job] = await queue.getFailed()
    expect([job!.name, job!.failedReason]).toEqual(['thing.happened', 'the account is closed'])
    expect(job!.stacktrace?.[0]).toContain('UnrecoverableError: the account is closed')
    await queue.close()
    await one.receiver.close()
  })

  test('takes names and ids that BullMQ itself would reject', async () => {
    const inbox = redis.open()
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

  test('a quiet tenant comes in the middle of a backlog, before failed tasks of a flood', async () => {
    let port: ReturnType<ReturnType<typeof redis.open>['attach']>
    const consumer = record({
      lanes: [lane('a', { concurrency: 1 })],
      async run({ event, attempt }): Promise<Outcome> {
        if (consumer.runs.length === 100) await port.accept(intake('quiet', of('z')), {})
        return event.id !== 'quiet' && attempt === 1
          ? { kind: 'retry', at: Date.now(), error: { name: 'Error', message: 'no' } }
          : DONE
      },
    })
    port = redis.open().attach(consumer)
    await Promise.all(
      Array.from({ length: 200 }, async (_, at) => port.accept(intake(`x${at}`, of('x')), {})),
    )
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(401)
    expect(consumer.names().indexOf('quiet')).toBeLessThanOrEqual(102)
  })

  test('turns begin again when nothing waits and half of them are used', async () => {
    const consumer = record()
    const port = redis.open().attach(consumer)
    port.work!()
    await port.accept(intake('first', of('x')), {})
    await expect.poll(() => consumer.ended.length).toBe(1)
    await redis.operator.hset(`${redis.prefix}:turn:shop/a`, { m: 1_500_000, v: 1_500_000 })
    await port.accept(intake('last', of('x')), {})
    await expect.poll(() => consumer.ended.length).toBe(2)
    expect(await redis.operator.zscore(`${redis.prefix}:turns:shop/a`, 'x')).toBe('1')
  })

  test('beyond maxWaitingBytes a delivery is rejected until Redis has those before it', async () => {
    const port = redis.open({ maxWaitingBytes: 1 }).attach(record())
    const first = port.accept(intake('1'), {})
    expect(() => port.accept(intake('2'), {})).toThrow(
      expect.objectContaining({ code: 'inbox_full', option: 'maxWaitingBytes', limit: 1 }),
    )
    expect(await first).toEqual(['new'])
    expect(await port.accept(intake('2'), {})).toEqual(['new'])
  })

  test('maxPending counts the tasks of a receiver over its subscriptions and processes', async () => {
    const full = expect.objectContaining({ code: 'inbox_full' })
    const attached = (receiver: string, ...lanes: string[]) =>
      redis
        .open({ maxPending: 4 })
        .attach(record({ receiver, lanes: lanes.map((name) => lane(name)) }))
    const both = [{ subscription: 'a' }, { subscription: 'b' }]
    const port = attached('shop', 'a', 'b')
    for (const id of ['1', '2']) await port.accept(intake(id, both), {})
    await expect(port.accept(intake('3'), {})).rejects.toEqual(full)
    expect(await attached('bank', 'a', 'b').accept(intake('3', both), {})).toEqual(['new'])
    const other = attached('shop', 'c').accept(intake('4', [{ subscription: 'c' }]), {})
    await expect(other).rejects.toEqual(full)
  })

  const of = (fairKey: string): readonly TaskDraft[] => [{ subscription: 'a', fairKey }]

  /** Returns the keys that match one of these patterns after the prefix, without BullMQ's event streams. */
  async function left(patterns: readonly string[]): Promise<readonly string[]> {
    const { operator, prefix } = redis
    const keys = await Promise.all(patterns.map((each) => operator.keys(`${prefix}:${each}`)))
    return keys.flat().filter((key) => !key.endsWith(':events'))
  }
})
