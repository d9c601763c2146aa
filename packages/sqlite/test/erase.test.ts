import { expect, test } from 'vitest'
import { storedDelivery, intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const body = Buffer.from('{"card":"4242"}')

test('no table holds the contents once all events of their delivery are erased', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox)
  await shop.port.accept(
    {
      delivery: storedDelivery({ body }),
      items: [item('1'), item('2', ['a'], { payload: '4242' })],
    },
    {},
  )
  const alone = [item('3', ['a'], { source: 'json', payload: { card: '4242' } })]
  await shop.port.accept({ delivery: storedDelivery({ body }), items: alone }, {})
  await shop.untilSettled(3)
  expect((await inbox.view!.erase({ eventId: '1' })).count).toBe(1)
  expect(tablesWith('4242')).toEqual(['postern_deliveries', 'postern_events'])
  expect((await inbox.view!.erase({})).count).toBe(2)
  expect(tablesWith('4242')).toEqual([])
  expect(scene.row('SELECT count(*) AS n FROM postern_deliveries')).toEqual({
    n: 0,
  })
})

test('an event that a task opened again meanwhile keeps its contents', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox)
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(1)
  // Another process may make this update between the search and the transaction.
  const erasing = inbox.view!.erase({ eventId: '1' })
  scene.run('UPDATE postern_tasks SET state = 0, due = 9e15')
  expect((await erasing).count).toBe(0)
})

test('a damaged record is erased like the others', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox)
  await shop.port.accept(intake(item('1')), {})
  await shop.port.accept(intake(item('2')), {})
  await shop.untilSettled(2)
  scene.run("UPDATE postern_events SET record = '{' WHERE event_id = '1'")
  expect((await inbox.view!.erase({ receiver: 'shop' })).count).toBe(2)
})

function tablesWith(text: string): readonly string[] {
  return scene.edit((db) => {
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'postern%'")
      .all()
    return tables
      .map(({ name }) => String(name))
      .filter((name) => {
        const rows = db.prepare(`SELECT * FROM ${name}`).all()
        return rows.some((row) =>
          Object.values(row).some((value) =>
            (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)).includes(
              text,
            ),
          ),
        )
      })
      .sort()
  })
}
