import { expect, test } from 'vitest'
import { nextRound } from '../../../../src/basics/deadline.ts'
import { createGather } from '../../../../src/inbox/engine/write/batch.ts'

/** Creates a gather whose batches accept all waiting writes. `begun` has the size of each batch. */
function make(wide = true) {
  let waiting = 0
  const begun: number[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const gather: ReturnType<typeof createGather> = createGather(
    wide,
    () => waiting,
    () => {
      begun.push(waiting)
      waiting = 0
      resolve()
    },
  )
  const come = (): void => {
    waiting++
    gather.schedule()
  }
  return { gather, begun, come, first }
}

test('behind a small batch, and in one that is not wide, a batch begins in the next round', async () => {
  const small = make()
  small.gather.stored(7, 1000)
  const narrow = make(false)
  narrow.gather.stored(100, 1000)
  for (const { come, begun } of [small, narrow]) {
    come()
    await nextRound()
    come()
    expect(begun).toEqual([1])
  }
})

test('behind one that was not small it waits for rounds that bring more, and for no other', async () => {
  const { gather, begun, come, first } = make()
  gather.stored(8, 60_000)
  for (let round = 0; round < 5; round++) {
    come()
    come()
    await nextRound()
  }
  expect(begun).toEqual([])
  await first
  expect(begun).toEqual([10])
})

test('it waits no longer than the last one took', async () => {
  const { gather, begun, come } = make()
  gather.stored(8, 0)
  come()
  await nextRound()
  come()
  expect(begun).toEqual([1])
})
