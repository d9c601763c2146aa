import { expect, test } from 'vitest'
import { gate, intake, item } from '../../testing/src/inbox/make.ts'
import { createTaskRecorder, DONE_OUTCOME, retryIn } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open } = sqliteScene()

/** Attaches a receiver whose worker never starts. */
function attach(options: Parameters<typeof createTaskRecorder>[0] = {}) {
  const recorder = createTaskRecorder(options)
  const inbox = open()
  return { ...recorder, inbox, port: inbox.attach(recorder.consumer) }
}

test('what is stored in a burst runs, and the end of the burst comes behind it; without one nothing runs', async () => {
  const shop = attach()
  const end = shop.port.burst!(10)!
  expect(await shop.port.accept(intake(item('1')), {})).toEqual(['new'])
  expect(await end()).toEqual({ next: undefined })
  expect(shop.ran()).toEqual(['a:1'])
  expect(shop.settled).toMatchObject([{ stored: true }])
  await shop.port.accept(intake(item('2')), {})
  expect((await shop.inbox.view!.stats())[0]!.counts).toMatchObject({ pending: 1, done: 1 })
})

test('a burst tells when a task that failed is due, and leaves no timer for it', async () => {
  const shop = attach({ run: () => retryIn(3_600_000) })
  const end = shop.port.burst!(10)!
  await shop.port.accept(intake(item('1')), {})
  const { next } = (await end())!
  expect(Math.abs(next! - Date.now() - 3_600_000)).toBeLessThan(60_000)
})

test('bursts beside each other are one: its end is told once, when nothing runs', async () => {
  const hold = gate()
  const shop = attach({
    run: ({ event }) => (event.id === '1' ? hold.passed.then(() => DONE_OUTCOME) : DONE_OUTCOME),
  })
  const first = shop.port.burst!(10)!
  await shop.port.accept(intake(item('1')), {})
  const second = shop.port.burst!(10)!
  await shop.port.accept(intake(item('2')), {})
  expect(await second()).toBeUndefined()
  hold.pass()
  expect(await first()).toEqual({ next: undefined })
  expect(shop.settled).toHaveLength(2)
})

test('a burst runs as many tasks as it may, and the rest waits for a drain that is due at once', async () => {
  const shop = attach()
  const end = shop.port.burst!(2)!
  for (const id of ['1', '2', '3']) await shop.port.accept(intake(item(id)), {})
  expect(shop.port.burst!(2)).toBeUndefined()
  const { next } = (await end())!
  expect(next).toBeLessThanOrEqual(Date.now())
  expect(shop.ran()).toEqual(['a:1', 'a:2'])
  expect(await shop.port.drain!(Date.now() + 10_000, 10)).toMatchObject({ done: 1, left: 0 })
})
