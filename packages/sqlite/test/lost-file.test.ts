import { renameSync, rmSync } from 'node:fs'
import type { Inbox } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { storedDelivery, intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteInbox } from '../src/index.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()

/** Accepts one delivery after another until one is rejected. */
async function untilRejected(port: ReturnType<Inbox['attach']>): Promise<unknown> {
  for (let at = 0; ; at++) {
    try {
      await port.accept(intake(item(`later-${at}`)), {})
    } catch (error) {
      return error
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test.each([
  ['the file is deleted', 'inbox.db was deleted or renamed', (path: string) => rmSync(path)],
  [
    'its log is deleted',
    'inbox.db-wal was deleted or renamed',
    (path: string) => rmSync(`${path}-wal`),
  ],
  [
    'its shared memory is deleted',
    'inbox.db-shm was deleted or renamed',
    (path: string) => rmSync(`${path}-shm`),
  ],
  [
    'another file takes its place',
    'inbox.db was replaced',
    (path: string) => {
      void sqliteInbox({ path: `${path}2` }).close()
      renameSync(`${path}2`, path)
    },
  ],
])('%s under a running process: 503 with a loud error', async (_, message, act) => {
  const warnings: string[] = []
  const inbox = scene.open()
  const shop = { ...scene.join(inbox), inbox }
  shop.consumer.warn = (warning) => void warnings.push(warning)
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(1)
  act(scene.file.path)
  // From now on, no delivery is acknowledged.
  const rejection = await Promise.resolve(shop.port.accept(intake(item('2')), {})).catch(
    (error: unknown) => error,
  )
  expect(rejection).toMatchObject({ code: 'inbox_unavailable', status: 503 })
  expect((rejection as Error).message).toContain(message)
  // These would read a file that no process can open again.
  for (const read of [
    async () => shop.port.drain!(Date.now() + 20_000, 10),
    async () => shop.inbox.view!.stats(),
    async () => shop.inbox.view!.list(),
  ])
    await expect(read()).rejects.toMatchObject({ code: 'inbox_unavailable' })
  const until = performance.now() + 15_000
  while (warnings.length === 0 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect(warnings.join()).toContain(message)
})

test('a new process says what happened to a file whose log is left', async () => {
  const shop = scene.join(scene.open())
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(1)
  renameSync(scene.file.path, `${scene.file.path}.away`)
  expect(() => sqliteInbox({ path: scene.file.path })).toThrow(TypeError)
  expect(() => sqliteInbox({ path: scene.file.path })).toThrow('was deleted or renamed while')
  renameSync(`${scene.file.path}.away`, scene.file.path)
})

test('a file that was put back is written again', async () => {
  const shop = scene.join(scene.open())
  await shop.port.accept(intake(item('1')), {})
  renameSync(scene.file.path, `${scene.file.path}.away`)
  await untilRejected(shop.port)
  renameSync(`${scene.file.path}.away`, scene.file.path)
  const until = performance.now() + 15_000
  let taken: unknown
  while (taken === undefined && performance.now() < until)
    taken = await Promise.resolve(shop.port.accept(intake(item('back')), {})).catch(
      () => new Promise((resolve) => setTimeout(resolve, 20, undefined)),
    )
  expect(taken).toEqual(['new'])
})

test('the file shrinks again when a flood was forgotten', async () => {
  const flooding = scene.open()
  const shop = scene.join(flooding)
  const body = new Uint8Array(20_000).fill(65)
  const size = (): number =>
    scene.edit((db) => {
      const { n } = db
        .prepare('SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size')
        .get() as { n: number }
      return n
    })
  for (let at = 0; at < 1000; at += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (__, more) =>
        shop.port.accept(
          { delivery: storedDelivery({ body }), items: [item(`e${at + more}`)] },
          {},
        ),
      ),
    )
  await shop.untilSettled(1000)
  const flooded = size()
  expect(flooded).toBeGreaterThan(20_000_000)
  await flooding.close()
  scene.join(scene.open({ dedupeWindow: '20ms', keepDone: '20ms' }))
  await scene.untilFound(
    `SELECT 1 FROM pragma_page_count, pragma_page_size WHERE page_count * page_size < ${flooded / 2}`,
  )
})
