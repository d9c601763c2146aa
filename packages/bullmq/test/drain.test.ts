import type { Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { DONE, gate, intake, lane, record } from './consumer.ts'
import { startProxy } from './proxy.ts'
import { redisScene } from './redis-scene.ts'

const HOUR = 3_600_000
const FAILURE = { name: 'Error', message: 'the till is jammed' }
const soon = (): number => Date.now() + 20_000

needs(redisServer).describe('drain of bullmqInbox', () => {
  const scene = redisScene('drain')

  test('runs what is due and says what it did and what is next', async () => {
    const inbox = scene.open()
    const at = Date.now() + HOUR
    const consumer = record({
      lanes: [lane('a'), lane('b')],
      run: ({ event }): Outcome => {
        if (event.id === 'retry') return { kind: 'retry', at, error: FAILURE }
        if (event.id === 'dead') return { kind: 'dead', error: FAILURE }
        return event.id === 'later' ? { kind: 'postpone', at: at + HOUR } : DONE
      },
    })
    const port = inbox.attach(consumer)
    for (const id of ['1', '2', 'retry', 'dead', 'later'])
      await port.accept(intake(id, [{ subscription: 'a' }, { subscription: 'b' }]), {})
    const drained = await port.drain!(soon(), 1000)
    expect(drained).toEqual({
      ran: 10,
      done: 4,
      retried: 2,
      dead: 2,
      postponed: 2,
      left: 0,
      next: at,
    })
    expect(consumer.ended.map(({ stored }) => stored)).toEqual(Array(10).fill(true))
    const [a] = await inbox.view!.stats()
    expect(a!.counts).toEqual({ pending: 2, running: 0, done: 2, dead: 1 })
    expect(await port.drain!(soon(), 1000)).toMatchObject({ ran: 0, left: 0, next: at })
  })

  test('forgets what is over its time, on a host that never works', async () => {
    const attached = () => scene.open({ dedupeWindow: '1ms', keepDone: '1ms' }).attach(record())
    const port = attached()
    for (const id of ['1', '2', '3']) await port.accept(intake(id), {})
    expect(await port.drain!(soon(), 1000)).toMatchObject({ done: 3 })
    // The first may end in the millisecond in which it settled them; each process forgets at most once a minute.
    await expect
      .poll(async () => {
        await attached().drain!(soon(), 1000)
        return scene.operator.keys(`${scene.prefix}:event:*`)
      })
      .toEqual([])
    expect(await scene.operator.zcard(`${scene.prefix}:index`)).toBe(0)
  })

  test('keeps max exactly, and says what is left', async () => {
    const consumer = record({ lanes: [lane('a'), lane('b')] })
    const port = scene.open().attach(consumer)
    for (let at = 0; at < 20; at++)
      await port.accept(intake(`e${at}`, [{ subscription: at % 2 ? 'a' : 'b' }]), {})
    expect(await port.drain!(soon(), 7)).toMatchObject({ ran: 7, done: 7, left: 13 })
    expect(consumer.runs).toHaveLength(7)
    expect(await port.drain!(soon(), 1000)).toMatchObject({ ran: 13, left: 0, next: undefined })
  })

  test('two at once, beside a worker, run no task twice', async () => {
    const all = [record(), record(), record()]
    const ports = all.map((consumer) => scene.open().attach(consumer))
    await Promise.all(
      Array.from({ length: 300 }, async (_, at) => ports[at % 3]!.accept(intake(`e${at}`), {})),
    )
    ports[2]!.work!()
    await Promise.all(ports.slice(0, 2).map((port) => port.drain!(soon(), 1000)))
    await expect.poll(() => all.flatMap(({ ended }) => ended).length).toBe(300)
    expect(new Set(all.flatMap((each) => each.names())).size).toBe(300)
    expect(all.flatMap(({ runs }) => runs)).toHaveLength(300)
  })

  test('first frees what a process left that died, and runs it', async () => {
    const proxy = await startProxy(scene.redis.port)
    scene.later(() => proxy.stop())
    const { passed, pass } = gate()
    scene.later(pass)
    const dying = record({ run: () => passed.then(() => DONE) })
    const web = scene.open({ lease: '300ms' }).attach(record())
    await web.accept(intake('1'), {})
    scene.open({ lease: '300ms', connection: proxy.url }).attach(dying).work!()
    await expect.poll(() => dying.runs.length).toBe(1)
    proxy.cut()
    const { id } = (await scene.open().view!.list()).rows[0]!
    const job = await scene.job(id)
    const locked = (): Promise<number> => scene.operator.exists(`${job}:lock`)
    await expect.poll(locked).toBe(0)
    const next = record()
    const port = scene.open().attach(next)
    // An interrupted task waits for a moment first.
    const drained = async (): Promise<unknown> => port.drain!(soon(), 10)
    expect(await drained()).toMatchObject({ ran: 0, left: 0, next: expect.any(Number) })
    await expect.poll(drained).toMatchObject({ ran: 1, done: 1, left: 0 })
    expect(next.runs[0]!.claim.attempt).toBe(1)
  })

  test('gives the deadline to handlers as a signal, and waits for what runs', async () => {
    const consumer = record({
      run: (_, signal) =>
        new Promise((resolve) => {
          signal!.addEventListener('abort', () => resolve({ kind: 'postpone', at: Date.now() }))
        }),
    })
    const inbox = scene.open()
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    const drained = await port.drain!(Date.now() + 400, 10, 200)
    expect(drained).toMatchObject({ ran: 1, postponed: 1, left: 1 })
    expect((await inbox.view!.list()).rows[0]).toMatchObject({ state: 'pending', attempt: 0 })
  })

  test('gives back what still runs at the end, and starts nothing near it', async () => {
    const { passed, pass } = gate()
    const consumer = record({
      lanes: [lane('a', { concurrency: 2 })],
      run: () => passed.then(() => DONE),
    })
    const inbox = scene.open()
    const port = inbox.attach(consumer)
    for (const id of ['1', '2', '3']) await port.accept(intake(id), {})
    const drained = await port.drain!(Date.now() + 400, 10, 200)
    expect(drained).toMatchObject({ ran: 2, done: 0, retried: 0, postponed: 2, left: 3 })
    const { rows: tasks } = await inbox.view!.list()
    expect(tasks.map(({ state, attempt }) => [state, attempt])).toEqual(
      Array(3).fill(['pending', 0]),
    )
    expect(await port.drain!(Date.now() + 100, 10, 200)).toMatchObject({ ran: 0, left: 3 })
    pass()
    await expect.poll(() => consumer.ended.length).toBe(2)
    expect(consumer.ended.map(({ stored }) => stored)).toEqual([false, false])
  })

  test('ends when its receiver closes', async () => {
    const { passed, pass } = gate()
    scene.later(pass)
    const consumer = record({ run: () => passed.then(() => DONE) })
    const inbox = scene.open()
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    const drained = port.drain!(soon(), 10)
    await expect.poll(() => consumer.runs.length).toBe(1)
    await port.close(Date.now() + 300)
    expect(await drained).toMatchObject({ ran: 1, left: 1 })
    expect((await inbox.view!.list()).rows[0]).toMatchObject({ state: 'pending', attempt: 0 })
  })
})
