import { expect, test } from 'vitest'
import { followed } from '../../../src/inbox/engine/run/order.ts'
import type { GuestRows, Rows } from '../../../src/inbox/engine/store.ts'

test('a line that a transaction of the app leaves is worked out when it is free', async () => {
  const held = new Set([7])
  const worked: number[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const rows = {
    lock: (lines: readonly number[]) => lines.filter((line) => held.has(line)),
    heads: (lines: readonly number[]) => (worked.push(...lines), []),
  } as Partial<Rows> as Rows
  const follow = followed(
    {
      atomic: (_, run) => run(rows),
      commit: (_, run) => run(rows, undefined),
      guest: () => rows as GuestRows,
    },
    1000,
    resolve,
    () => {},
  )
  expect(follow.guest('a transaction').lock!([7, 8])).toEqual([7])
  expect(worked).toEqual([])
  held.clear()
  await promise
  expect(worked).toEqual([7])
  follow.stop()
})
