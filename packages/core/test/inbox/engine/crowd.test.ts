import { expect, test } from 'vitest'
import { createCrowd } from '../../../src/inbox/engine/run/commit.ts'

const LATE = (): Error => new Error('too late')

/** Runs `count` tasks of a slot. Returns the maximum number that ran at the same time. */
async function run(
  crowd: ReturnType<typeof createCrowd<object>>,
  slot: object,
  count: number,
): Promise<number> {
  let now = 0
  let most = 0
  await Promise.all(
    Array.from({ length: count }, () =>
      crowd.placed(slot, Infinity, LATE, async () => {
        most = Math.max(most, ++now)
        await new Promise(setImmediate)
        now--
      }),
    ),
  )
  return most
}

test('transactions of a slot go one at a time once two were in each other’s way, and those of others as before', async () => {
  const crowd = createCrowd<object>()
  const [busy, other] = [{}, {}]
  expect(await run(crowd, busy, 8)).toBe(8)
  crowd.met(busy)
  expect(crowd.has(busy)).toBe(true)
  expect(crowd.has(other)).toBe(false)
  expect(await run(crowd, busy, 8)).toBe(1)
  expect(await run(crowd, other, 8)).toBe(8)
})

test('while all goes well more and more run at once, until there is no crowd', async () => {
  const crowd = createCrowd<object>()
  const slot = {}
  crowd.met(slot)
  const most = []
  for (let round = 0; round < 5; round++) most.push(await run(crowd, slot, 16))
  expect(most.at(-1)).toBeGreaterThan(4)
  for (let round = 0; crowd.has(slot) && round < 20; round++) await run(crowd, slot, 64)
  expect(crowd.has(slot)).toBe(false)
})

test('one that met another again waits longer for company', async () => {
  const crowd = createCrowd<object>()
  const slot = {}
  crowd.met(slot)
  await run(crowd, slot, 16)
  crowd.met(slot)
  expect(await run(crowd, slot, 24)).toBe(1)
})

test('one that gets no place in time runs nothing', async () => {
  const crowd = createCrowd<object>()
  const slot = {}
  crowd.met(slot)
  let leave = (): void => {}
  const first = crowd.placed(slot, Infinity, LATE, () => new Promise<void>((end) => (leave = end)))
  let ran = false
  const second = crowd.placed(slot, performance.now(), LATE, () => void (ran = true))
  await expect(second).rejects.toThrow('too late')
  leave()
  await first
  expect(await run(crowd, slot, 4)).toBe(1)
  expect(ran).toBe(false)
})
