import type { SubscriptionStats, Page, TaskInfo, Arrival } from '@postern/core/inbox'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, opened, openWorld, type World } from './world.ts'

let world: World

beforeEach(async () => void (world = await openWorld()))
afterEach(() => world.close())

/** Waits until all tasks are done or dead, and returns their counts. */
async function settled(): Promise<SubscriptionStats['counts']> {
  return eventually(async () => {
    const [lane] = await world.ask<SubscriptionStats[]>('stats', [], 'view')
    expect(lane?.counts).toMatchObject({ pending: 0, running: 0 })
    return lane!.counts
  })
}

test('what the Worker verified is stored and run by the object, once; then no alarm is set and no timer is left', async () => {
  expect(await world.send(opened('e1'))).toBe(200)
  expect(await world.send(opened('e1'))).toBe(200)
  expect(await world.send(opened('e2'), { secret: 'another secret' })).toBe(401)
  expect(await settled()).toMatchObject({ done: 1, dead: 0 })
  expect(world.ran).toEqual(['e1'])
  await eventually(async () => expect(await world.ask('getAlarm')).toBe(null))
  await eventually(async () => expect(await world.ask('timers')).toBe(0))
  // The Worker writes its journal a second later, without an alarm.
  await eventually(async () => {
    const { rows } = await world.ask<Page<Arrival>>('deliveries', [], 'journal')
    expect(rows.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['rejected', 401],
      ['duplicate', 200],
      ['accepted', 200],
    ])
  })
  expect(await world.ask('getAlarm')).toBe(null)
})

test('a task that failed is due by the alarm alone, and no timer is left meanwhile', async () => {
  expect(await world.send(opened('e1', { fail: true }))).toBe(200)
  const due = await eventually(async () => {
    const { rows } = await world.ask<Page<TaskInfo>>('list', [{ state: 'pending' }], 'view')
    expect(rows[0]?.error?.message).toBe('it fails')
    return rows[0]!.due!
  })
  await eventually(async () => {
    const alarm = await world.ask<number>('getAlarm')
    expect(Math.abs(alarm - due)).toBeLessThan(1000)
  })
  await eventually(async () => expect(await world.ask('timers')).toBe(0))
})

test('a body that does not fit into a row of the object is rejected with 413, and nothing is stored', async () => {
  const large = { text: 'a'.repeat(1_950_000) }
  expect(await world.send(opened('e1', large))).toBe(413)
  expect(await world.send(opened('e2', { text: 'a'.repeat(1_500_000) }))).toBe(200)
  expect(await settled()).toMatchObject({ done: 1 })
})

test('task.commit: the effect and the end of the task are one transaction, and rolled back as one', async () => {
  expect(await world.send(opened('e1', { commit: 'throw' }))).toBe(200)
  const { rows } = await eventually(async () => {
    const page = await world.ask<Page<TaskInfo>>('list', [], 'view')
    expect(page.rows[0]).toMatchObject({ state: 'pending', error: { message: 'after the write' } })
    return page
  })
  expect(await world.ask('sql', ['SELECT id FROM effects'])).toEqual([])
  expect(await world.send(opened('e2', { commit: true }))).toBe(200)
  await world.ask('delete', [{ id: rows[0]!.id }], 'view')
  expect(await settled()).toMatchObject({ done: 1 })
  expect(await world.ask('sql', ['SELECT id FROM effects'])).toEqual([{ id: 'e2' }])
})

test('a transaction that throws is rolled back, rows and alarm', async () => {
  expect(await world.ask('rollBack')).toEqual({ rows: 0, alarm: null, error: 'it throws' })
})

test('a lost alarm is set again when the object starts', async () => {
  expect(await world.send(opened('e1', { fail: true }))).toBe(200)
  await eventually(async () =>
    expect(await world.ask('getAlarm')).toBeGreaterThan(Date.now() + 60_000),
  )
  await world.ask('loseAlarm')
  await world.kill()
  await world.start()
  await eventually(async () =>
    expect(await world.ask('getAlarm')).toBeGreaterThan(Date.now() + 60_000),
  )
})

for (const end of ['no reply', 'the object'] as const)
  test(`${end === 'no reply' ? 'a reply that is lost' : 'an object that ends'} once it has stored: the sender gets 503, delivers again, and the task runs`, async () => {
    await world.ask('endAfterAccept', [end])
    expect(await world.send(opened('e1'))).toBe(503)
    expect(await eventually(async () => (await world.send(opened('e1'))) === 200)).toBe(true)
    expect(await settled()).toMatchObject({ done: 1, dead: 0 })
    if (end === 'no reply') expect(world.ran).toEqual(['e1'])
    else expect([...new Set(world.ran)]).toEqual(['e1'])
  })

test('view and records answer over RPC, and errors keep their kind', async () => {
  expect(await world.send(opened('e1'))).toBe(200)
  await settled()
  const { rows } = await world.ask<Page<TaskInfo>>('list', [], 'view')
  expect(await world.ask('get', [rows[0]!.id], 'view')).toMatchObject({ record: { payload: {} } })
  expect(await world.ask('replay', [{ state: 'done' }], 'view')).toMatchObject({ count: 1 })
  await eventually(() => expect(world.ran).toEqual(['e1', 'e1']))
  expect(await world.ask('set', ['key', { a: 1 }, 0], 'records')).toBe(true)
  expect(await world.ask('get', ['key'], 'records')).toEqual({ value: { a: 1 }, version: 1 })
  await expect(world.ask('list', [{ staet: 'done' }], 'view')).rejects.toThrow(
    /^TypeError: .*staet/,
  )
})

test('a binding can ask view, records and journal, and no other member', async () => {
  for (const part of ['__proto__', 'constructor', 'attach', 'can', 'toString', 'hasOwnProperty']) {
    for (const method of ['constructor', 'toString', 'hasOwnProperty', 'length', 'durable']) {
      const answer = await world.ask<{ thrown?: { message: string } }>('ask', [part, method, []])
      expect(JSON.stringify(answer.thrown)).toContain('part must be one of view, records, journal')
    }
  }
})
