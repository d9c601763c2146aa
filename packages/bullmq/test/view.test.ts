import { type Outcome, createUnread } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { createViewed } from '../src/operate/viewed.ts'
import { openClient } from '../src/store/connection.ts'
import { createQueues } from '../src/store/queues.ts'
import { DONE, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const HOUR = 3_600_000
const error = (message: string) => ({ name: 'RangeError', message })

needs(redisServer).describe('the view of bullmqInbox', () => {
  const scene = redisScene('view')

  test('lists newest first, says how far it looked, and goes on in the middle of an event', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record({ lanes: [] }))
    const tasks = ['a', 'b', 'c'].map((subscription) => ({ subscription }))
    const at = Date.now() - HOUR
    for (let index = 0; index < 300; index++) {
      const { delivery, items } = intake(`e${index}`, tasks)
      await port.accept({ delivery: { ...delivery, receivedAt: at + (index >> 1) }, items }, {})
    }
    const seen: string[] = []
    const times: number[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await inbox.view!.list({ limit: 100, budget: 60_000, ...(cursor && { cursor }) })
      for (const task of page.rows!) {
        seen.push(task.id)
        times.push(task.receivedAt)
      }
      cursor = page.cursor
      if (cursor) expect(page.searchedTo).toBe(page.rows!.at(-1)!.receivedAt)
      pages++
    } while (cursor !== undefined)
    expect(new Set(seen).size).toBe(900)
    expect(seen).toHaveLength(900)
    expect(times).toEqual(times.toSorted((one, other) => other - one))
    expect(pages).toBe(9)
    const short = await inbox.view!.list({ topic: 'no.such', budget: 0 })
    expect(short.rows).toEqual([])
    expect(short.cursor).toBeTypeOf('string')
    expect(short.searchedTo).toBeGreaterThan(at)
  })

  test('causes of the newest tasks say so where there are more', async () => {
    const inbox = scene.open()
    const consumer = record({
      run: ({ event }): Outcome => ({ kind: 'dead', error: error(event.id!.replace(/\d/, '')) }),
    })
    const port = inbox.attach(consumer)
    port.work!()
    const ids = ['old1', 'old2', 'new3']
    for (const [before, id] of ids.entries()) {
      await port.accept(intake(id), {})
      await expect.poll(async () => (await inbox.view!.stats())[0]!.counts.dead).toBe(before + 1)
    }
    const client = openClient(scene.redis.url)
    scene.later(() => client.disconnect())
    const queues = createQueues(client, { prefix: scene.prefix, lease: 1000 }, () => {})
    const unread = createUnread('bullmqInbox', () => {})
    const found = async (most: number) =>
      (await createViewed({ client, prefix: scene.prefix, queues, unread }, most).causes(undefined))
        .map(
          ({ error: of, dead, ofNewest }) =>
            [(JSON.parse(of!) as Error).message, dead, ofNewest] as const,
        )
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
    expect(await found(1)).toEqual([['new', 1, 1]])
    expect(await found(2)).toEqual([
      ['new', 1, 2],
      ['old', 1, 2],
    ])
    expect(await found(3)).toEqual([
      ['new', 1, undefined],
      ['old', 2, undefined],
    ])
  })

  for (const before of [undefined, null, Number.NaN, '30d'])
    test(`prune rejects ${String(before)}, and forgets nothing`, async () => {
      const inbox = scene.open()
      const port = inbox.attach(record())
      await port.accept(intake('1'), {})
      await port.drain!(Date.now() + 5000, 10)
      await expect(inbox.view!.prune(before as never)).rejects.toThrow(/^prune: before must be/)
      expect((await inbox.view!.list()).rows).toHaveLength(1)
      expect(await inbox.journal!.actions()).toMatchObject({ rows: [] })
    })

  test('filters by part, provider, pattern, keys, cause and text of the payload', async () => {
    const inbox = scene.open()
    const consumer = record({
      run: ({ event }): Outcome =>
        event.id === 'good' ? DONE : { kind: 'dead', error: error(`no order ${event.id}`) },
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1', [{ subscription: 'a', part: 'p' }], { topic: 'orders.paid' }), {})
    await port.accept(intake('2', undefined, { payload: { note: 'Grüße an ALLE' } }), {})
    await port.accept(intake('good', undefined, { provider: 'other' }), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(3)
    await expect.poll(async () => (await inbox.view!.stats())[0]!.counts.done).toBe(1)
    const ids = async (filter: object) =>
      (await inbox.view!.list(filter)).rows.map(({ event }) => event.id)
    expect(new Set(await ids({}))).toEqual(new Set(['1', '2', 'good']))
    expect(await ids({ part: 'p' })).toEqual(['1'])
    expect(await ids({ provider: 'other' })).toEqual(['good'])
    expect(await ids({ topic: 'orders.*' })).toEqual(['1'])
    expect(await ids({ keys: [':2', ':good', ':none'] })).toEqual(['good', '2'])
    expect(await ids({ text: 'grüße an alle' })).toEqual(['2'])
    const [cause, ...more] = await inbox.view!.causes!()
    expect(more).toEqual([])
    expect(cause).toMatchObject({
      subscriptions: [{ receiver: 'shop', subscription: 'a', dead: 2, retrying: 0 }],
      dead: 2,
      retrying: 0,
    })
    expect(cause!.sample.name).toBe('RangeError')
    expect(await ids({ cause: cause!.cause })).toEqual(['2', '1'])
    await expect(async () => inbox.view!.list({ eventid: '1' } as never)).rejects.toThrow(
      'did you mean eventId',
    )
  })

  test('says when a task was settled, how long it took, and what is oldest', async () => {
    const inbox = scene.open()
    const from = Date.now()
    const consumer = record({
      lanes: [lane('a')],
      async run({ event }) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return event.id === 'dead' ? { kind: 'dead', error: error('no') } : DONE
      },
    })
    const port = inbox.attach(consumer)
    for (const id of ['done', 'dead'])
      await port.accept(intake(id, [{ subscription: 'a' }, { subscription: 'none' }]), {})
    port.work!()
    await expect.poll(async () => (await inbox.view!.stats())[0]!.counts.done).toBe(1)
    await expect.poll(() => consumer.ended.length).toBe(2)
    for (const state of ['done', 'dead'] as const) {
      const [task] = (await inbox.view!.list({ state })).rows
      expect(task!.duration).toBeGreaterThanOrEqual(15)
      expect(task!.settledAt).toBeGreaterThanOrEqual(from + 15)
      expect(task!.provider).toBe('acme')
    }
    const [a, none] = await inbox.view!.stats()
    expect(a!.oldestDueAt).toBeUndefined()
    expect(none!.oldestDueAt).toBeGreaterThanOrEqual(from)
    const warned = consumer.warnings.filter((message) => message.includes('previousNames'))
    expect(warned).toEqual([expect.stringContaining('2 tasks of subscription none')])
  })

  test('version changes with any change, also of another process', async () => {
    const inbox = scene.open()
    const port = scene.open().attach(record())
    await port.accept(intake('1'), {})
    const before = await inbox.view!.version!()
    expect(await inbox.view!.version!()).toBe(before)
    await port.accept(intake('2'), {})
    expect(await inbox.view!.version!()).not.toBe(before)
  })

  test('replays in chunks that go on, first counting, at a rate, and makes waiting tasks due', async () => {
    const inbox = scene.open()
    let broken = true
    const consumer = record({
      run: ({ event }): Outcome => {
        if (event.id === 'later') return { kind: 'retry', at: Date.now() + HOUR, error: error('x') }
        return broken ? { kind: 'dead', error: error('x') } : DONE
      },
    })
    const port = inbox.attach(consumer)
    for (let at = 0; at < 25; at++) await port.accept(intake(`e${at}`), {})
    await port.accept(intake('later'), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(26)
    broken = false
    const view = inbox.view!
    expect(await view.replay({}, { dryRun: true })).toEqual({ count: 25, cursor: undefined })
    const first = (await view.replay({}, { limit: 10 })) as { count: number; cursor: string }
    expect(first.count).toBe(10)
    const rest = await view.replay({}, { cursor: first.cursor, rate: 1 })
    expect(rest).toMatchObject({ count: 15, cursor: undefined })
    await expect.poll(() => consumer.ended.length).toBeGreaterThanOrEqual(37)
    const waiting = (await view.list({ state: 'pending' })).rows.filter(
      ({ event }) => event.id !== 'later',
    )
    const due = waiting.map((task) => task.due!).sort((one, other) => one - other)
    expect(due.at(-1)! - due[0]!).toBeGreaterThan(8000)
    const more = await view.replay({ state: 'pending' })
    expect(more).toMatchObject({ cursor: undefined })
    await expect.poll(() => consumer.ended.length).toBe(52)
    expect(consumer.names().filter((id) => id === 'later')).toHaveLength(2)
  })

  test('reruns an event with another payload, as one of its own', async () => {
    const inbox = scene.open()
    const consumer = record()
    const port = inbox.attach(consumer)
    await port.accept(intake('1', [{ subscription: 'a', part: 'p' }]), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(1)
    const [task] = (await inbox.view!.list()).rows
    const id = await inbox.view!.rerun!(task!.id, { payload: { id: 'edited' } })
    await expect.poll(() => consumer.ended.length).toBe(2)
    const { claim } = consumer.runs[1]!
    expect(claim).toMatchObject({ id, subscription: 'a', part: 'p', attempt: 1 })
    expect(claim.event).toMatchObject({ id: '1', payload: { id: 'edited' }, origin: ':1' })
    expect(claim.event.key).not.toBe(':1')
    await expect(async () => inbox.view!.rerun!('none', { payload: 1 })).rejects.toThrow(TypeError)
  })

  test('counts what it would delete, and deletes pending and dead alone', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record({ lanes: [] }))
    for (let at = 0; at < 5; at++) await port.accept(intake(`e${at}`), {})
    expect(await inbox.view!.delete({}, { dryRun: true })).toMatchObject({ count: 5 })
    expect(await inbox.view!.delete({}, { limit: 2 })).toMatchObject({
      count: 2,
      cursor: expect.any(String),
    })
    expect((await inbox.view!.list()).rows).toHaveLength(3)
  })
})
