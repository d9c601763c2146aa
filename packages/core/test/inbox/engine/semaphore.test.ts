import { expect, test } from 'vitest'
import { createSemaphore } from '../../../src/inbox/engine/semaphore.ts'

test('a place is free for so many at once; the others get one in the order they came', async () => {
  const places = createSemaphore(() => 1)
  const first = places.take() as () => void
  expect(first).toBeTypeOf('function')
  const got: string[] = []
  const later = ['b', 'c'].map(async (name) => {
    const giveBack = await places.take()
    got.push(name)
    giveBack()
  })
  await Promise.resolve()
  expect(got).toEqual([])
  first()
  await Promise.all(later)
  expect(got).toEqual(['b', 'c'])
  expect(places.take()).toBeTypeOf('function')
})

test('a place that is given back twice is one place', () => {
  const places = createSemaphore(() => 2)
  const first = places.take() as () => void
  expect(places.take()).toBeTypeOf('function')
  first()
  first()
  expect(places.take()).toBeTypeOf('function')
  expect(places.take()).toBeInstanceOf(Promise)
})

test('places that became fewer are given to nobody, and those that became more to as many', async () => {
  let count = 2
  const places = createSemaphore(() => count)
  const [first, second] = [places.take(), places.take()] as [() => void, () => void]
  const got: (() => void)[] = []
  for (let at = 0; at < 4; at++)
    void Promise.resolve(places.take()).then((giveBack) => got.push(giveBack))
  count = 1
  first()
  await Promise.resolve()
  expect(got).toHaveLength(0)
  second()
  await expect.poll(() => got.length).toBe(1)
  count = 3
  got[0]!()
  await expect.poll(() => got.length).toBe(4)
})
