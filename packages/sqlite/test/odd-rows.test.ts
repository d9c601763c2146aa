import { describe, expect, test } from 'vitest'
import { oddJournal } from '../../../test/contract/odd-journal.ts'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { everyPage, intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteScene } from './scene.ts'

describe('sqliteInbox and rows that cannot be read', () => {
  const { open, edit, join, run } = sqliteScene()
  const spans = { table: 'postern_spans', spoilt: "x'ff'" }
  const change = (statement: string): void => run(statement)
  oddRows(() => ({ open, change }))
  oddJournal(() => ({ open, change, spans }))

  // node:sqlite throws at the first integer beyond 2^53, and hides all other rows.
  test.each([
    ['tasks', 'due', '-9223372036854775807'],
    ['tasks', 'took', '9223372036854775807'],
    ['tasks', 'line', '9223372036854775807'],
    ['tasks', 'attempt', '9223372036854775807'],
    ['tasks', 'round', '-9223372036854775807'],
    ['events', 'received', '9223372036854775807'],
    ['events', 'receiver', '9223372036854775807'],
    ['events', 'contents', '9223372036854775807'],
  ])(
    'a number of postern_%s.%s that no number of JavaScript holds stops nobody',
    async (table, column, value) => {
      const first = open()
      const waiting = join(first, { run: () => new Promise(() => {}) })
      for (const id of ['1', 'odd', '3']) await waiting.port.accept(intake(item(id)), {})
      await waiting.until('all run', () => waiting.runs.length === 3)
      // Releases the claims, so that the tasks are pending again.
      await waiting.port.close(Date.now())
      await first.close()
      const rows =
        table === 'events'
          ? "event_id = 'odd'"
          : "id / 65536 IN (SELECT id FROM postern_events WHERE event_id = 'odd')"
      expect(
        edit((db) =>
          db.prepare(`UPDATE postern_${table} SET ${column} = ${value} WHERE ${rows}`).run(),
        ).changes,
      ).toBe(1)
      const inbox = open()
      const shop = join(inbox)
      // The first look may find the odd row, and then one delivery is rejected.
      await expect.poll(async () => accepted(shop.port, '4')).toBe(true)
      await shop.until('its neighbours ran', () =>
        ['a:1', 'a:3', 'a:4'].every((one) => shop.ran().includes(one)),
      )
      const ids = (await inbox.view!.list()).rows.map(({ event }) => event.id)
      expect(ids).toEqual(expect.arrayContaining(['1', '3', '4']))
      await inbox.view!.list({ eventId: '1' })
      await inbox.view!.stats()
      await inbox.view!.prune!(Date.now())
    },
  )
})

describe('sqliteInbox and an event whose number is far away', () => {
  const { open, edit, join } = sqliteScene()
  test.each([-17, -8_000_000_000_000])('lists and prune end with the number %i', async (number) => {
    const inbox = open()
    const shop = join(inbox)
    for (let at = 0; at < 300; at++) await shop.port.accept(intake(item(String(at))), {})
    await shop.untilSettled(300)
    edit((db) => {
      db.exec(`UPDATE postern_tasks SET id = ${number} * 65536 WHERE id >> 16 = 150`)
      db.exec(`UPDATE postern_events SET id = ${number} WHERE id = 150`)
    })
    const pages = await everyPage((from) => inbox.view!.list({ limit: 100, ...from }))
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(300)
    expect(await inbox.view!.prune(Date.now() + 1000)).toBe(300)
  })
})

async function accepted(
  port: { accept: (given: ReturnType<typeof intake>, host: object) => unknown },
  id: string,
): Promise<boolean> {
  try {
    await port.accept(intake(item(id)), {})
    return true
  } catch {
    return false
  }
}
