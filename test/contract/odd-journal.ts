import { expect, test } from 'vitest'
import { intake, item } from '../../packages/testing/src/inbox/make.ts'
import { createTaskRecorder } from '../../packages/testing/src/inbox/recorder.ts'
import type { OddScene } from './odd-rows.ts'

/** SQL inbox to damage: its history table, and bytes that are not a valid history record. */
export interface OddJournalScene extends OddScene {
  readonly spans: { readonly table: string; readonly spoilt: string }
}

export function oddJournal(made: () => OddJournalScene): void {
  test('of the journal: a delivery and an attempt that cannot be read hide no other', async () => {
    const { open, change } = made()
    const inbox = await open()
    const failing = createTaskRecorder({
      run: () => ({ kind: 'dead', error: { name: 'Error', message: 'no stock' } }),
    })
    const port = inbox.attach(failing.consumer)
    port.work!()
    await port.accept(intake(item('1')), {})
    await failing.untilSettled(1)
    const arrived = ['a', 'b', 'c'].map((id, at) => ({
      id,
      at: 1000 + at,
      receiver: 'shop',
      provider: 'acme',
      method: 'POST',
      path: '/hooks',
      outcome: 'accepted' as const,
      verified: true,
      status: 200,
      took: 1,
      bytes: 2,
      topics: [],
      ids: [],
      keys: [],
    }))
    const now = Date.now()
    const recent = arrived.map((one) => ({ ...one, at: now + one.at }))
    await inbox.journal!.write({ arrived: recent, minutes: [], gauges: [], lost: 0 })
    await change("UPDATE postern_arrivals SET data = '{' WHERE id = 'b'")
    await change("UPDATE postern_attempts SET error = '{'")
    await change("UPDATE postern_tasks SET error = '{'")
    const page = await inbox.journal!.deliveries()
    expect(page.rows.map(({ id, receiver }) => [id, receiver])).toEqual([
      ['c', 'shop'],
      ['b', ''],
      ['a', 'shop'],
    ])
    expect(page.rows[1]!.reason).toMatch(/cannot be read/)
    expect(await inbox.journal!.delivery('b')).toMatchObject({ reason: page.rows[1]!.reason })
    const [task] = (await inbox.view!.list()).rows
    expect(await inbox.journal!.attempts(task!.id)).toMatchObject([
      { outcome: 'dead', error: { name: 'UnreadableError' } },
    ])
  })

  test('of the history: a span and a name that cannot be read are told once and left out, and new counts come', async () => {
    const { open, change, spans } = made()
    const { inbox, shop } = await opened(open)
    const minute = Math.floor(Date.now() / 60_000) * 60_000
    const counted = (at: number, value: string) => ({
      minute: at,
      receiver: 'shop',
      kind: 'delivery' as const,
      by: 'outcome' as const,
      value,
      count: 1,
      sum: 10,
      max: 10,
      histogram: [],
    })
    const write = (...minutes: ReturnType<typeof counted>[]): unknown =>
      inbox.journal!.write({ arrived: [], minutes, gauges: [], lost: 0 })
    const read = async (): Promise<readonly string[]> =>
      (
        await inbox.journal!.history({ from: minute - 300_000, to: minute + 60_000, step: 60_000 })
      ).map((bucket) => ('value' in bucket ? `${bucket.value} ${bucket.from - minute}` : ''))
    await write(counted(minute - 120_000, 'accepted'), counted(minute - 60_000, 'accepted'))
    await write(counted(minute - 60_000, 'rejected'))
    await change(`UPDATE ${spans.table} SET data = ${spans.spoilt} WHERE at = ${minute - 60_000}`)
    await change("UPDATE postern_series SET name = '[' WHERE name LIKE '%rejected%'")
    expect(await read()).toEqual(['accepted -120000'])
    await write(counted(minute - 60_000, 'accepted'))
    expect(await read()).toEqual(['accepted -120000', 'accepted -60000'])
    const told = shop.warnings.filter((message) => message.includes('history cannot be read'))
    expect(told).toHaveLength(2)
  })

  test('of the records: one that cannot be read counts as absent, is told once, and can be written again', async () => {
    const { open, change } = made()
    const { inbox, shop } = await opened(open)
    const records = inbox.records!
    for (const name of ['a', 'b', 'c']) await records.set(`marks:${name}`, { name }, 0)
    await change("UPDATE postern_records SET value = '{' WHERE key = 'marks:b'")
    expect((await records.list('marks:')).map(({ key }) => key)).toEqual(['marks:a', 'marks:c'])
    expect(await records.get('marks:b')).toBeUndefined()
    expect(await records.set('marks:a', 1, 0)).toBe(false)
    expect(await records.set('marks:b', 'new', 0)).toBe(true)
    expect((await records.get('marks:b'))?.value).toBe('new')
    expect(shop.warnings.filter((message) => message.includes('record marks:…'))).toHaveLength(1)
  })

  test('of what people did: an action and names of tasks that cannot be read hide no others', async () => {
    const { open, change } = made()
    const inbox = await open()
    const port = inbox.attach(createTaskRecorder({}).consumer)
    for (const id of ['1', '2']) await port.accept(intake(item(id)), {})
    const tasks = (await inbox.view!.list()).rows.map(({ id }) => id)
    for (const id of tasks) await inbox.view!.delete({ id })
    const { rows } = await inbox.journal!.actions!()
    expect(rows).toHaveLength(2)
    const [newer, older] = rows.map(({ id }) => id)
    await change(`UPDATE postern_records SET value = '17' WHERE key = 'actions:${newer}'`)
    await change(`UPDATE postern_records SET value = '{' WHERE key LIKE 'actions-tasks:${older}%'`)
    expect((await inbox.journal!.actions!()).rows.map(({ id }) => id)).toEqual([older])
    expect((await inbox.journal!.actions!({ id: older! })).rows).toHaveLength(1)
    expect((await inbox.journal!.actions!({ task: tasks[0]! })).rows.length).toBeLessThan(2)
  })
}

async function opened(open: OddScene['open']) {
  const inbox = await open()
  const shop = createTaskRecorder({})
  inbox.attach(shop.consumer)
  return { inbox, shop }
}
