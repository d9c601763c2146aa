import { once } from 'node:events'
import { closeSync, openSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()
const { open, join, edit, row, run } = scene

test('a damaged file rejects deliveries with what to do, and never takes one by half', async () => {
  await open().close()
  const { rootpage, size } = edit(
    (db) =>
      db
        .prepare(
          "SELECT rootpage, (SELECT page_size FROM pragma_page_size) AS size FROM sqlite_schema WHERE name = 'postern_tasks'",
        )
        .get() as { rootpage: number; size: number },
  )
  const handle = openSync(scene.file.path, 'r+')
  writeSync(handle, Buffer.alloc(size, 0x5a), 0, size, (rootpage - 1) * size)
  closeSync(handle)
  const shop = join(open())
  await expect(shop.port.accept(intake(item('1')), {})).rejects.toMatchObject({
    code: 'inbox_unavailable',
    status: 503,
    message: expect.stringMatching(/inbox\.db: it is damaged.*recover/),
  })
  expect(row('SELECT count(*) AS n FROM postern_events')).toEqual({
    n: 0,
  })
})

test('a task that cannot be read is dead with the reason, and does not hold up the others', async () => {
  const inbox = open()
  const shop = join(inbox, { lanes: ['a'] })
  const later = shop.port.accept(intake(item('1', ['b']), item('2', ['b'])), {})
  await later
  run("UPDATE postern_events SET record = '{' WHERE event_id = '1'")
  await shop.port.close(Date.now() + 1000)
  const next = join(inbox, { lanes: ['b'] })
  await next.untilSettled(1)
  expect(next.ran()).toEqual(['b:2'])
  const [dead] = (await inbox.view!.list({ state: 'dead' })).rows
  expect(dead).toMatchObject({ event: { id: '1' }, error: { name: 'UnreadableTask' } })
})

for (const [what, spoilt] of [
  ['that cannot be read', "'{'"],
  ['that is empty', "'[]'"],
  ['that is another value', "'17'"],
] as const)
  test(`a list of running tasks ${what}: the tasks run again once their process has ended`, async () => {
    await open().close()
    const child = startVictim(scene.file.path, '1h', ['1', 'slow', '3'])
    await scene.untilFound(
      'SELECT 1 FROM postern_tasks WHERE state = 2 GROUP BY state HAVING count(*) = 2',
    )
    // Writes the claim as the delivery's commit did, because a look for ended leases may have replaced it with a task's
    // row.
    run(`BEGIN IMMEDIATE;
        INSERT INTO postern_claims SELECT t.token, t.lane, e.taken, 1, ''
          FROM postern_tasks t JOIN postern_events e ON e.id = t.id >> 16 WHERE t.state = 1;
        UPDATE postern_lanes SET running = 0, done = done + 1 WHERE running = 1;
        DELETE FROM postern_tasks WHERE state = 1;
        UPDATE postern_claims SET left = 1, tasks = ${spoilt};
        COMMIT`)
    const inbox = open({ lease: '1h', pollInterval: '10ms' })
    const next = join(inbox)
    await expect.poll(() => next.warnings.join()).toContain('postern_claims')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await next.untilSettled(1)
    expect(next.ran()).toEqual(['a:slow'])
    expect((await inbox.view!.stats())[0]!.counts).toMatchObject({ running: 0, done: 3 })
    expect(row('SELECT 1 FROM postern_claims')).toBeUndefined()
  })

test('a damaged list of running tasks is told once, and holds up no others', async () => {
  const dying = open()
  const first = join(dying, { run: () => new Promise(() => {}) })
  await first.port.accept(intake(item('1'), item('2')), {})
  await first.until('they run', () => first.runs.length === 2)
  run("INSERT INTO postern_claims (token, lane, at, left, tasks) VALUES (7, 1, 0, 3, '{')")
  await first.port.close(Date.now())
  await dying.close()
  const inbox = open()
  const next = join(inbox)
  await next.untilSettled(2)
  await next.port.accept(intake(item('3')), {})
  await next.untilSettled(3)
  expect(next.ran().toSorted()).toEqual(['a:1', 'a:2', 'a:3'])
  expect((await inbox.view!.list()).rows).toHaveLength(3)
  expect(next.warnings.filter((one) => one.includes('postern_claims'))).toEqual([
    expect.stringMatching(/the list of 3 running tasks cannot be read/),
  ])
})
