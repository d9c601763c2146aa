import { expect, test } from 'vitest'
import type { Lane } from '../../../src/inbox/engine/index.ts'
import { startable, type Slot, createTicks } from '../../../src/inbox/engine/run/slot.ts'

const turn = (): Promise<void> => new Promise(setImmediate)

function slotOf(concurrency: number, queue: readonly string[]): Slot<string> {
  const lane: Lane = { name: 'a', previousNames: [], concurrency, ordered: false, timeout: 1000 }
  return {
    lane,
    names: ['a'],
    queue: [...queue],
    claimed: 0,
    running: 0,
    pace: Infinity,
    weight: 0,
    backlog: false,
    lean: false,
    due: false,
  }
}

/** Creates ticks with a log. Each handler occupies a place of its slot. By default, the clock stands still. */
function make(
  slot: Slot<string>,
  then: (task: string) => void = () => {},
  now: () => number = () => 0,
) {
  const log: string[] = []
  const turns = createTicks<string>({
    begin: () => log.push('begin'),
    run(task) {
      log.push(task)
      slot.running++
      then(task)
    },
    now,
  })
  return { turns, log }
}

test('what was offered starts in one turn, as far as there is room', async () => {
  const slot = slotOf(2, ['1', '2', '3'])
  const { turns, log } = make(slot)
  turns.offer(slot)
  turns.offer(slot)
  expect(log).toEqual([])
  await turn()
  expect(log).toEqual(['begin', '1', '2'])
  expect(slot.due).toBe(false)
  await turn()
  await turn()
  expect(log).toEqual(['begin', '1', '2'])
  slot.running = 0
  turns.offer(slot)
  await turn()
  expect(log.slice(3)).toEqual(['begin', '3'])
})

test('slots start one task each in turn', async () => {
  const [one, other] = [slotOf(9, ['1', '2', '3']), slotOf(9, ['a', 'b'])]
  const { turns, log } = make(one)
  turns.offer(one)
  turns.offer(other)
  await turn()
  expect(log).toEqual(['begin', '1', 'a', '2', 'b', '3'])
})

test('a turn whose handlers hold the loop leaves the rest to the next one', async () => {
  const slot = slotOf(9, ['1', '2', '3'])
  let time = 0
  const { turns, log } = make(
    slot,
    () => void (time += 2),
    () => time,
  )
  turns.offer(slot)
  await turn()
  expect(log).toEqual(['begin', '1', '2'])
  await turn()
  expect(log.slice(3)).toEqual(['begin', '3'])
})

test('a refill starts at once what has room, and nothing without room', () => {
  const slot = slotOf(2, ['1', '2', '3'])
  const { turns, log } = make(slot)
  turns.refill(slot)
  expect(log).toEqual(['begin', '1', '2'])
  turns.refill(slot)
  expect(log).toHaveLength(3)
  slot.running = 1
  turns.refill(slot)
  expect(log.slice(3)).toEqual(['begin', '3'])
})

test('a handler that ends at once does not start the next inside of itself', async () => {
  for (const start of ['offer', 'refill'] as const) {
    const slot = slotOf(1, ['1', '2'])
    const { turns, log } = make(slot, (task) => {
      slot.running--
      turns.refill(slot)
      log.push(`end ${task}`)
    })
    turns[start](slot)
    await turn()
    expect(log).toEqual(['begin', '1', 'end 1', '2', 'end 2'])
  }
})

test('a refill between turns starts after a turn as before', async () => {
  const slot = slotOf(1, ['1', '2'])
  const { turns, log } = make(slot)
  turns.offer(slot)
  await turn()
  slot.running = 0
  turns.refill(slot)
  expect(log).toEqual(['begin', '1', 'begin', '2'])
})

test('as many would start at once as are not claimed', () => {
  expect(startable({ ...slotOf(5, []), claimed: 3 })).toBe(2)
})
