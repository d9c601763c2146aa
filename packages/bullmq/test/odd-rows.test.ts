import type { Arrival, MinuteCount } from '@postern/core/inbox'
import { Queue } from 'bullmq'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { DONE, intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const FAILURE = { name: 'Error', message: 'not this time' }

/** Returns the key, the field and the damaged text that replaces it in a stored event or job. */
type Spoil = (keys: { readonly event: string; readonly job: string; readonly prefix: string }) => {
  readonly key: string
  readonly field?: string
  readonly text: string
}

const SPOILS: Readonly<Record<string, Spoil>> = {
  'the event is no JSON': ({ event }) => ({ key: event, field: 'e', text: '{"key":' }),
  'the event is another value': ({ event }) => ({ key: event, field: 'e', text: '17' }),
  'the head of the delivery is no JSON': ({ event }) => ({ key: event, field: 'h', text: '<' }),
  'the event is no hash': ({ event }) => ({ key: event, text: 'x' }),
  'the data is no JSON': ({ job }) => ({ key: job, field: 'data', text: '{' }),
  'the data is another value': ({ job }) => ({ key: job, field: 'data', text: 'null' }),
  'the options are no JSON': ({ job }) => ({ key: job, field: 'opts', text: '[' }),
  'the job is no hash': ({ job }) => ({ key: job, text: 'x' }),
  'the options are null': ({ job }) => ({ key: job, field: 'opts', text: 'null' }),
  'the parent is no object': ({ job }) => ({ key: job, field: 'parent', text: '' }),
  'the claims are no number': ({ job }) => ({ key: job, field: 'ats', text: 'x' }),
  'the attempts made are no number': ({ job }) => ({ key: job, field: 'atm', text: '1e400' }),
  'the interruptions are no number': ({ job }) => ({ key: job, field: 'stc', text: 'many' }),
}

needs(redisServer).describe('bullmqInbox and rows that cannot be read', () => {
  const scene = redisScene('odd')

  for (const [what, spoil] of Object.entries(SPOILS))
    test(`${what}: the task is dead, told once and counted, and its neighbours run`, async () => {
      const inbox = scene.open()
      const worker = record()
      const port = inbox.attach(worker)
      for (const id of ['1', '2', '3']) await port.accept(intake(id), {})
      const all = (await inbox.view!.list()).rows
      const id = all.find(({ event }) => event.id === '2')!.id
      const job = (await scene.job(id)).slice(scene.prefix.length + 1)
      await spoilt(id, spoil)
      port.work!()
      await expect.poll(() => worker.names().toSorted()).toEqual(['1', '3'])
      await expect.poll(counts).toMatchObject({ pending: 0, running: 0, done: 2, dead: 1 })
      await port.accept(intake('4'), {})
      await expect.poll(counts).toMatchObject({ done: 3, dead: 1 })
      const told = worker.warnings.filter((message) => message.includes('cannot be read'))
      expect(told).toEqual([expect.stringContaining(job)])
      const left = (await inbox.view!.list()).rows.map(({ event }) => event.id)
      expect(left).toEqual(expect.arrayContaining(['1', '3', '4']))
      await inbox.view!.list({ text: 'thing' })
      await inbox.view!.causes!()
      await inbox.view!.get(id)

      async function counts(): Promise<unknown> {
        return (await inbox.view!.stats())[0]!.counts
      }
    })

  for (const field of ['ats', 'atm', 'stc', 'parent'])
    test(`a task that is dead since its ${field} is odd runs when it is replayed`, async () => {
      const inbox = scene.open()
      const worker = record()
      const port = inbox.attach(worker)
      await port.accept(intake('1'), {})
      const { id } = (await inbox.view!.list()).rows[0]!
      await spoilt(id, ({ job }) => ({ key: job, field, text: 'x' }))
      port.work!()
      await expect.poll(async () => (await inbox.view!.get(id))?.state).toBe('dead')
      expect(await inbox.view!.replay({ id })).toMatchObject({ count: 1 })
      await expect.poll(async () => (await inbox.view!.get(id))?.state).toBe('done')
    })

  for (const [what, spoil] of [
    ['the last turns', (key: string) => scene.operator.set(key.replace(':turn:', ':turns:'), 'x')],
    ['the turn', (key: string) => scene.operator.set(key, 'x')],
    ['the highest turn', (key: string) => scene.operator.hset(key, 'v', 'x', 'm', 'x', 't', 'x')],
  ] as const)
    test(`turns begin again if ${what} cannot be read: tasks are taken and run`, async () => {
      const inbox = scene.open()
      const runs = { fail: true }
      const worker = record({
        run: () => (runs.fail ? { kind: 'retry', at: 0, error: FAILURE } : DONE),
      })
      const port = inbox.attach(worker)
      const fair = (id: string, fairKey: string): Promise<unknown> =>
        Promise.resolve(port.accept(intake(id, [{ subscription: 'a', fairKey }]), {}))
      await fair('1', 'ann')
      await port.drain!(Date.now() + 1500, 1)
      runs.fail = false
      await fair('2', 'ann')
      await fair('3', 'bob')
      const key = `${scene.prefix}:turn:shop/a`
      await scene.operator.del(key, key.replace(':turn:', ':turns:'))
      await spoil(key)
      await fair('4', 'bob')
      await spoil(key)
      await port.drain!(Date.now() + 10_000, 100)
      expect((await inbox.view!.stats())[0]!.counts).toMatchObject({ pending: 0, done: 4, dead: 0 })
    })

  test('a settled job that is no hash: redeliveries of its event, lists, causes and pruning go on', async () => {
    const inbox = scene.open()
    const error = FAILURE
    const worker = record({
      run: ({ event }) => (event.id === '1' ? { kind: 'dead', error } : DONE),
    })
    const port = inbox.attach(worker)
    for (const id of ['1', '2']) await port.accept(intake(id), {})
    await port.drain!(Date.now() + 10_000, 10)
    const { id } = (await inbox.view!.list({ state: 'dead' })).rows[0]!
    await spoilt(id, ({ job }) => ({ key: job, text: 'x' }))
    await inbox.view!.causes!()
    await inbox.view!.stats()
    const again = await Promise.all(['2', '3'].map(async (one) => port.accept(intake(one), {})))
    expect(again).toEqual([['duplicate'], ['new']])
    expect(await inbox.view!.erase!({ eventId: '2' })).toMatchObject({ count: 1 })
    expect(await inbox.view!.prune(Date.now() + 1000)).toBeGreaterThan(0)
  })

  test('the size of the journal is worked out again if it is no number', async () => {
    const inbox = scene.open()
    inbox.attach(record())
    const written = (id: string): unknown =>
      inbox.journal!.write({ arrived: [arrival(id, Date.now())], minutes: [], gauges: [], lost: 0 })
    await written('d1')
    const key = `${scene.prefix}:bytes:verified`
    const size = Number(await scene.operator.get(key))
    await scene.operator.set(key, 'x')
    await written('d2')
    expect(Number(await scene.operator.get(key))).toBe(2 * size)
    expect((await inbox.journal!.deliveries()).rows).toHaveLength(2)
  })

  test('a drain buries them too, and goes on', async () => {
    const inbox = scene.open()
    const worker = record()
    const port = inbox.attach(worker)
    for (const id of ['1', '2', '3', '4']) await port.accept(intake(id), {})
    const all = (await inbox.view!.list()).rows
    const idOf = (its: string): string => all.find(({ event }) => event.id === its)!.id
    await spoilt(idOf('1'), SPOILS['the data is no JSON']!)
    await spoilt(idOf('3'), SPOILS['the event is no JSON']!)
    const drained = await port.drain!(Date.now() + 10_000, 100)
    expect(drained).toMatchObject({ ran: 2, done: 2, left: 0 })
    expect((await inbox.view!.stats())[0]!.counts).toMatchObject({ done: 2, dead: 2 })
    expect(worker.names().toSorted()).toEqual(['2', '4'])
  })

  test('jobs of another program are dead and told, and harm neither lists nor neighbours', async () => {
    const inbox = scene.open()
    const worker = record()
    const port = inbox.attach(worker)
    await port.accept(intake('1'), {})
    const connection = { url: scene.redis.url } as const
    const foreign = new Queue('shop/a', { connection, prefix: scene.prefix })
    scene.later(() => foreign.close())
    await foreign.add('mail', { to: 'a@example.com' })
    await foreign.add('export', null, { jobId: 'export-17' })
    await scene.operator.sadd(`${scene.prefix}:queues`, 'not%zzours')
    expect((await inbox.view!.list({ state: 'pending' })).rows).toHaveLength(1)
    port.work!()
    await expect
      .poll(async () => (await inbox.view!.stats()).find(({ counts }) => counts.dead > 0))
      .toMatchObject({ counts: { pending: 0, running: 0, done: 1, dead: 2 } })
    expect(worker.names()).toEqual(['1'])
    const told = worker.warnings.filter((message) => message.includes('another program'))
    expect(told).toHaveLength(2)
    expect((await inbox.view!.list({ state: 'dead' })).rows).toEqual([])
    expect((await inbox.view!.list()).rows).toHaveLength(1)
  })

  test.each(['wait', 'active', 'prioritized', 'delayed', 'completed', 'failed', 'stalled', 'meta'])(
    'a list %s of another type: its receiver cannot accept, and the other one is counted, listed and runs',
    async (list) => {
      const { operator, prefix } = scene
      const inbox = scene.open()
      const worker = record()
      const shop = inbox.attach(worker)
      const bank = inbox.attach(record({ receiver: 'bank' }))
      await shop.accept(intake('1'), {})
      await bank.accept(intake('2'), {})
      await shop.drain!(Date.now() + 10_000, 10)
      await operator.set(`${prefix}:shop/a:${list}`, 'x')
      await expect(shop.probe!()).rejects.toThrow(/WRONGTYPE/)
      await bank.probe!()
      expect(await bank.accept(intake('3'), {})).toEqual(['new'])
      expect(await bank.drain!(Date.now() + 10_000, 10)).toMatchObject({ done: 2, left: 0 })
      const stats = await inbox.view!.stats()
      expect(stats.find(({ receiver }) => receiver === 'bank')!.counts.done).toBe(2)
      expect((await inbox.view!.list()).rows).toHaveLength(3)
      for (const state of ['pending', 'dead'] as const)
        expect((await inbox.view!.list({ state })).rows).toEqual([])
      expect(await inbox.view!.causes!()).toEqual([])
    },
  )

  test('an event that something else deleted: its task is dead at once', async () => {
    const inbox = scene.open()
    const worker = record()
    const port = inbox.attach(worker)
    await port.accept(intake('1'), {})
    await scene.operator.del(...(await scene.operator.keys(`${scene.prefix}:event:*`)))
    port.work!()
    await expect
      .poll(() => worker.warnings)
      .toContainEqual(expect.stringContaining('its event is gone'))
  })

  for (const text of ['{', '17', '[]', '[1,2,3,4,5]'])
    test(`an event with the info ${text} hides no other from any list`, async () => {
      const inbox = scene.open()
      const port = inbox.attach(record())
      for (const id of ['1', '2']) await port.accept(intake(id), {})
      const all = (await inbox.view!.list()).rows
      const id = all.find(({ event }) => event.id === '1')!.id
      await spoilt(id, ({ event }) => ({ key: event, field: 'i', text }))
      for (const filter of [{}, { topic: 'thing.*' }, { text: '2' }, { eventId: '2' }])
        expect((await inbox.view!.list(filter)).rows).toContainEqual(
          expect.objectContaining({ event: expect.objectContaining({ id: '2' }) }),
        )
      expect((await inbox.view!.list({ id })).rows).toHaveLength(1)
    })

  for (const [what, text] of [
    ['no JSON', '{"n":1,'],
    ['another value', '17'],
    ['a list of something else', '{"n":1,"a":[null]}'],
  ] as const)
    test(`attempts that are ${what}: told once, and the task is shown, runs and keeps those that follow`, async () => {
      const inbox = scene.open()
      const runs = { fail: true }
      const worker = record({
        run: () => (runs.fail ? { kind: 'retry', at: 0, error: FAILURE } : DONE),
      })
      const port = inbox.attach(worker)
      await port.accept(intake('1'), {})
      const { id } = (await inbox.view!.list()).rows[0]!
      const job = await scene.job(id)
      await scene.operator.hset(job, 'pa', text)
      expect((await inbox.view!.list()).rows).toMatchObject([{ id, attempts: 0 }])
      expect(await inbox.journal!.attempts(id)).toEqual([])
      await port.drain!(Date.now() + 1500, 1)
      runs.fail = false
      await port.drain!(Date.now() + 10_000, 1)
      expect(await inbox.journal!.attempts(id)).toMatchObject([
        { attempt: 1, outcome: 'retry' },
        { attempt: 2, outcome: 'done' },
      ])
      const told = worker.warnings.filter((message) => message.includes('attempts'))
      expect(told).toEqual([expect.stringMatching(`attempts of task ${id} cannot be read`)])
    })

  test('an event that cannot be read can still be erased', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record())
    await port.accept(intake('1'), {})
    const { id } = (await inbox.view!.list()).rows[0]!
    await spoilt(id, ({ event }) => ({ key: event, field: 'e', text: '{"payload":"ann@example' }))
    await port.drain!(Date.now() + 10_000, 10)
    expect(await inbox.view!.erase!({ eventId: '1' })).toMatchObject({ count: 1 })
    const [key] = await scene.operator.keys(`${scene.prefix}:event:*`)
    expect(await scene.operator.hget(key!, 'e')).not.toContain('ann@example')
  })

  test('of history, records and deliveries: what cannot be read is told, and hides no other', async () => {
    const { operator, prefix } = scene
    const inbox = scene.open()
    const shop = record()
    inbox.attach(shop)
    const records = inbox.records!
    for (const name of ['a', 'b', 'c']) await records.set(`marks:${name}`, { name }, 0)
    await operator.hset(`${prefix}:records`, { 'marks:b': '1 {', 'marks:c': 'x' })
    expect((await records.list('marks:')).map(({ key }) => key)).toEqual(['marks:a'])
    for (const name of ['b', 'c']) {
      expect(await records.get(`marks:${name}`)).toBeUndefined()
      expect(await records.set(`marks:${name}`, 'new', 0)).toBe(true)
      expect((await records.get(`marks:${name}`))?.value).toBe('new')
    }
    const minute = Math.floor(Date.now() / 60_000) * 60_000
    const arrived = ['d1', 'd2'].map((id, at) => arrival(id, minute + at))
    const both = [counted(minute), counted(minute - 60_000)]
    await inbox.journal!.write({ arrived, minutes: both, gauges: [], lost: 0 })
    await operator.hset(`${prefix}:span:minute`, String(minute - 60_000), Buffer.from([255]))
    await operator.hset(`${prefix}:series`, '[', `99 ${Math.floor(minute / 86_400_000)}`)
    await operator.hset(`${prefix}:rows:verified`, 'd1', '{')
    const range = { from: minute - 300_000, to: minute + 60_000, step: 60_000 }
    expect(await inbox.journal!.history(range)).toHaveLength(1)
    await inbox.journal!.write({ arrived: [], minutes: both, gauges: [], lost: 0 })
    expect(await inbox.journal!.history(range)).toHaveLength(2)
    const page = await inbox.journal!.deliveries()
    expect(page.rows.map(({ id, receiver }) => [id, receiver])).toEqual([
      ['d2', 'shop'],
      ['d1', ''],
    ])
    expect((await inbox.journal!.delivery('d1'))?.reason).toMatch(/cannot be read/)
    const told = (what: string): number =>
      shop.warnings.filter((message) => message.includes(what)).length
    expect([told('history cannot be read'), told('record marks:…')]).toEqual([2, 1])
  })

  async function spoilt(id: string, spoil: Spoil): Promise<void> {
    const { operator, prefix } = scene
    const job = await scene.job(id)
    const event = `${prefix}:event:${job.slice(job.lastIndexOf(':') + 2)}`
    const { key, field, text } = spoil({ event, job, prefix })
    if (field !== undefined) await operator.hset(key, field, text)
    else await operator.set(key, text)
  }
})

function counted(minute: number): MinuteCount {
  return {
    minute,
    receiver: 'shop',
    kind: 'delivery',
    by: 'outcome',
    value: 'accepted',
    count: 1,
    sum: 10,
    max: 10,
    histogram: [],
  }
}

function arrival(id: string, at: number): Arrival {
  return {
    id,
    at,
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 1,
    bytes: 2,
    topics: [],
    ids: [],
    keys: [],
  }
}
