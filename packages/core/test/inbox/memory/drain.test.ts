import { expect, test } from 'vitest'
import { gate } from '../../acme.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, drain, intake, item, lane, retryIn, scene } from './scene.ts'

const HOUR = 3_600_000

test('runs what is due and counts each outcome', async () => {
  const { port, settled } = scene({
    lanes: ['a', 'b', 'c', 'd'],
    run: ({ subscription }) => {
      if (subscription === 'a') return DONE_OUTCOME
      if (subscription === 'b') return DEAD_OUTCOME
      return subscription === 'c' ? retryIn(HOUR) : { kind: 'postpone', at: Date.now() + 2 * HOUR }
    },
  })
  const from = Date.now()
  await port.accept(intake(item('1', ['a', 'b', 'c', 'd', 'nobody has'])), {})
  const { next, ...counts } = await drain(port)
  expect(counts).toEqual({ ran: 4, done: 1, retried: 1, dead: 1, postponed: 1, left: 0 })
  expect(next).toBeGreaterThanOrEqual(from + HOUR)
  expect(next).toBeLessThan(from + 2 * HOUR)
  expect(settled).toHaveLength(4)
})

test('starts no more than `max`, over lanes in turns, and says what is left', async () => {
  const { port, ran } = scene({ lanes: ['a', 'b'] })
  for (let at = 0; at < 10; at++) await port.accept(intake(item(`${at}`, ['a', 'b'])), {})
  expect(await drain(port, 5)).toMatchObject({ ran: 5, done: 5, left: 15 })
  expect(ran()).toEqual(['a:0', 'b:0', 'a:1', 'b:1', 'a:2'])
  expect(await drain(port)).toMatchObject({ ran: 15, left: 0, next: undefined })
})

test('two at once run no task twice', async () => {
  const { port, ran } = scene({
    lanes: [lane('a', { concurrency: 3 })],
    run: async () => DONE_OUTCOME,
  })
  for (let at = 0; at < 500; at++) await port.accept(intake(item(`${at}`)), {})
  const [one, two] = await Promise.all([drain(port), drain(port)])
  expect(one.ran + two.ran).toBe(500)
  expect(new Set(ran()).size).toBe(500)
})

test('waits for its own attempts, which hear that the deadline is near', async () => {
  const held = gate()
  const { port, inbox } = scene({
    async run(claim, signal) {
      if (claim.event.id === 'slow') return held.opened.then(() => DONE_OUTCOME)
      return new Promise((resolve) => {
        signal!.addEventListener('abort', () => {
          held.open()
          resolve({ kind: 'postpone', at: Date.now() })
        })
      })
    },
  })
  await port.accept(intake(item('cut'), item('slow')), {})
  expect(await port.drain!(Date.now() + 1500, 2, 1000)).toMatchObject({
    ran: 2,
    done: 1,
    postponed: 1,
  })
  expect((await inbox.view!.list()).rows).toMatchObject([
    { event: { id: 'cut' }, state: 'pending', attempt: 0 },
  ])
})

test('gives back a handler that does not end, and starts nothing in the last milliseconds', async () => {
  const held = gate()
  const { port, settled, inbox, untilSettled } = scene({
    run: () => held.opened.then(() => DONE_OUTCOME),
  })
  await port.accept(intake(item('deaf')), {})
  expect(await port.drain!(Date.now() + 500, 9, 1000)).toMatchObject({ ran: 0, left: 1 })
  expect(await port.drain!(Date.now() + 1500, 9, 1000)).toMatchObject({
    ran: 1,
    postponed: 1,
    left: 1,
  })
  expect((await inbox.view!.list()).rows).toMatchObject([{ state: 'pending', attempt: 0 }])
  held.open()
  await untilSettled(1)
  expect(settled).toMatchObject([{ stored: false }])
  expect(await drain(port)).toMatchObject({ done: 1, left: 0 })
})
