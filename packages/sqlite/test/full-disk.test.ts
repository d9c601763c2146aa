import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createReceiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { healthScene } from '../../../test/contract/health.ts'
import { gate, storedDelivery, intake, item } from '../../testing/src/inbox/make.ts'
import { createTaskRecorder, DONE_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteInbox, type SqliteInboxOptions } from '../src/index.ts'
import { smallDisk, type SmallDisk } from './disk.ts'
import { temporaryFile } from './file.ts'

test('a full disk: 503 with the reason, nothing by half, outcomes are kept until there is room', async (context) => {
  const folder = mounted(context)
  const path = join(folder, 'inbox.db')
  writeFileSync(join(folder, 'filler'), new Uint8Array(1024 * 1024))
  const open = gate()
  const inbox = opened(path)
  const shop = createTaskRecorder({ run: () => open.passed.then(() => DONE_OUTCOME) })
  const port = inbox.attach(shop.consumer)
  port.work!()
  const taken: string[] = []
  let rejection: unknown
  for (let at = 0; rejection === undefined; at++) {
    const large = storedDelivery({ body: new Uint8Array(20_000) })
    try {
      await port.accept({ delivery: large, items: [item(`${at}`), item(`${at}+`)] }, {})
      taken.push(`${at}`, `${at}+`)
    } catch (error) {
      rejection = error
    }
  }
  expect(rejection).toMatchObject({
    code: 'inbox_full',
    status: 503,
    message: expect.stringContaining('its disk is full'),
  })
  expect(taken.length).toBeGreaterThan(10)
  // The attempts end, but the disk has no room for their outcomes.
  open.pass()
  await shop.until('attempts have ended', () => shop.runs.length > 0)
  rmSync(join(folder, 'filler'))
  expect(await port.accept(intake(item('room')), {})).toEqual(['new'])
  await shop.untilSettled(taken.length + 1)
  expect(shop.settled.every(({ stored }) => stored)).toBe(true)
  expect(new Set(shop.ran()).size).toBe(taken.length + 1)
  expect(shop.runs.length).toBe(taken.length + 1)
  await port.close(Date.now() + 1000)
  await inbox.close()
  const db = new DatabaseSync(path)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  expect(db.prepare('SELECT count(*) AS n FROM postern_events').get()).toEqual({
    n: taken.length + 1,
  })
  db.close()
})

test('what ends while the disk is full is stored later, and runs once, beside deliveries that are rejected', async (context) => {
  const { shop, taken, accept, end, free } = await runOnFullDisk(context)
  // Each rejected delivery shares its transaction with some outcomes.
  end()
  for (let more = 0; more < 20; more++) await accept(`more ${more}`).catch(() => {})
  await shop.until('it is told', () =>
    shop.warnings.some((one) => one.includes('they stay in memory')),
  )
  expect(shop.settled.filter(({ stored }) => !stored)).toEqual([])
  free()
  await shop.untilSettled(taken)
  expect(new Set(shop.ran()).size).toBe(shop.runs.length)
})

test('outcomes that wait for room are kept up to maxWaitingBytes: of those beyond it is told, and their tasks run again', async (context) => {
  const { shop, taken, end, free } = await runOnFullDisk(context, 50_000)
  end()
  await shop.until('it is told', () =>
    shop.warnings.some((one) =>
      /^task \d+ has ended but will run again: .*maxWaitingBytes \(50000\)/.test(one),
    ),
  )
  free()
  const done = (): ReadonlySet<string | undefined> =>
    new Set(shop.settled.flatMap(({ claim, stored }) => (stored ? [claim.event.id] : [])))
  await shop.until('all are done', () => done().size === taken)
  const runs = new Map<string, number>()
  for (const id of shop.ran()) runs.set(id, (runs.get(id) ?? 0) + 1)
  expect(Math.max(...runs.values())).toBeGreaterThan(1)
  // Outcomes within `maxWaitingBytes` were kept, so their tasks ran only once.
  expect(Math.min(...runs.values())).toBe(1)
})

test('health names a full disk until there is room, by writes of its own', async (context) => {
  const folder = mounted(context)
  const filler = join(folder, 'filler')
  const scene = healthScene(opened(join(folder, 'inbox.db')))
  const { inbox, receiver, send } = scene
  expect(await send('1')).toBe(200)
  expect(await receiver.health()).toMatchObject({ ok: true })
  writeFileSync(filler, new Uint8Array(16))
  expect(() => fill(filler)).toThrow('ENOSPC')
  let at = 1
  while ((await send(`${++at}`)) === 200) expect(at).toBeLessThan(1000)
  expect(await receiver.health()).toMatchObject({ accepting: false, processing: true })
  scene.time += 1000
  const { accepting, cause } = await receiver.health()
  expect([accepting, cause]).toEqual([false, expect.stringMatching(/^disk full: make room/)])
  rmSync(filler)
  scene.time += 1000
  expect(await receiver.health()).toMatchObject({ accepting: true, cause: undefined })
  expect(await inbox.records!.list('')).toEqual([])
})

test('health tells of outcomes that find no room at once, without any delivery', async (context) => {
  const folder = mounted(context)
  const filler = join(folder, 'filler')
  const open = gate()
  const inbox = opened(join(folder, 'inbox.db'))
  const provider = acme({ secret: 'a secret of these tests' })
  let time = 0
  const receiver = createReceiver({ provider, inbox, log: false, clock: { monotonic: () => time } })
  let runs = 0
  onTestFinished(() => receiver.close())
  receiver.on('ping', async () => {
    runs++
    await open.passed
  })
  for (const id of ['1', '2'])
    await receiver.receive(provider.sign!({ topic: 'ping', id, payload: {} }))
  await expect.poll(() => runs).toBe(2)
  expect(await receiver.health()).toMatchObject({ ok: true })
  writeFileSync(filler, new Uint8Array(16))
  expect(() => fill(filler)).toThrow('ENOSPC')
  // Fills the log too, because its free room would accept some probes and outcomes.
  let at = 0
  const used = async (): Promise<boolean> =>
    inbox.records!.set(`filler ${++at}`, 'x'.repeat(100_000), 0)
  while (await used().catch(() => false)) expect(at).toBeLessThan(1000)
  open.pass()
  const told = async (): Promise<unknown> => {
    // A probe follows a failed write after one second. Without a failure, the next probe comes much later.
    time += 1000
    return time < 15_000 ? receiver.health() : undefined
  }
  await expect
    .poll(told)
    .toMatchObject({ ok: false, accepting: false, cause: expect.stringMatching(/^disk full/) })
  rmSync(filler)
  time += 1000
  expect(await receiver.health()).toMatchObject({ ok: true })
})

test('health goes the way of deliveries: what fails for them alone is found without traffic', async () => {
  const file = temporaryFile()
  onTestFinished(() => file.remove())
  const scene = healthScene(opened(file.path))
  const { inbox, receiver, send } = scene
  const other = new DatabaseSync(file.path)
  onTestFinished(() => other.close())
  expect(await send('1')).toBe(200)
  for (const table of ['events', 'tasks', 'numbers']) {
    const when = table === 'numbers' ? 'UPDATE' : 'INSERT'
    other.exec(
      `CREATE TRIGGER broken BEFORE ${when} ON postern_${table} BEGIN SELECT RAISE(FAIL, 'a damaged tree'); END`,
    )
    scene.time += 15_000
    const { ok, cause } = await receiver.health()
    expect([table, ok, cause]).toEqual([table, false, expect.stringContaining('a damaged tree')])
    other.exec('DROP TRIGGER broken')
    scene.time += 1000
    expect(await receiver.health()).toMatchObject({ ok: true })
  }
  const { rows } = await inbox.view!.list()
  expect(rows.map(({ event }) => event.id)).toEqual(['1'])
  expect(await inbox.view!.stats()).toHaveLength(1)
  expect(other.prepare('SELECT count(*) AS n FROM postern_events').get()).toEqual({ n: 1 })
})

test('health names a lock of another program until it is gone, and forged deliveries change nothing', async () => {
  const file = temporaryFile()
  onTestFinished(() => file.remove())
  const scene = healthScene(opened(file.path, { deadline: '200ms' }))
  const { receiver, send, flood } = scene
  const other = new DatabaseSync(file.path)
  onTestFinished(() => other.close())
  expect(await send('1')).toBe(200)
  other.exec('BEGIN IMMEDIATE')
  expect(await send('2')).toBe(503)
  for (const step of [0, 1000, 1000]) {
    scene.time += step
    await flood()
    const { accepting, processing, cause } = await receiver.health()
    expect([accepting, processing, cause]).toEqual([
      false,
      true,
      expect.stringMatching(/^locked: /),
    ])
  }
  other.exec('ROLLBACK')
  scene.time += 1000
  expect(await receiver.health()).toMatchObject({ ok: true, cause: undefined })
  await flood()
  expect(await receiver.health()).toMatchObject({ ok: true, cause: undefined })
})

/** Runs tasks of 20 KB until `end`. Meanwhile the disk becomes full. */
async function runOnFullDisk(context: TestContext, maxWaitingBytes?: number) {
  const folder = mounted(context)
  const filler = join(folder, 'filler')
  const open = gate()
  const inbox = opened(join(folder, 'inbox.db'), {
    ...(maxWaitingBytes !== undefined && { maxWaitingBytes }),
  })
  const shop = createTaskRecorder({ run: () => open.passed.then(() => DONE_OUTCOME) })
  const port = inbox.attach(shop.consumer)
  port.work!()
  const large = storedDelivery({ body: new Uint8Array(20_000) })
  const accept = async (id: string) => port.accept({ delivery: large, items: [item(id)] }, {})
  for (const id of ['1', '2', '3', '4']) await accept(id)
  await shop.until('all run', () => shop.runs.length === 4)
  writeFileSync(filler, new Uint8Array(16))
  expect(() => fill(filler)).toThrow('ENOSPC')
  const accepts = (id: number) =>
    accept(`${id}`).then(
      () => true,
      () => false,
    )
  let taken = 4
  while (await accepts(taken + 1)) expect(++taken).toBeLessThan(1000)
  return {
    shop,
    taken,
    accept,
    end: () => open.pass(),
    free: () => rmSync(filler),
  }
}

function fill(path: string): void {
  for (const size of [256 * 1024, 4096]) {
    try {
      for (;;) appendFileSync(path, new Uint8Array(size))
    } catch (error) {
      if (size === 4096) throw error
    }
  }
}

/** Mounts a small disk that is removed after the test, and returns its folder. */
function mounted(context: TestContext): string {
  let disk: SmallDisk
  try {
    disk = smallDisk()
  } catch (error) {
    return context.skip(error instanceof Error ? error.message : String(error))
  }
  onTestFinished(() => disk.remove())
  return disk.folder
}

function opened(path: string, options: Partial<SqliteInboxOptions> = {}): Inbox {
  const inbox = sqliteInbox({ path, pollInterval: 5, ...options })
  onTestFinished(() => inbox.close())
  return inbox
}
