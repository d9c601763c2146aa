import { expect, test } from 'vitest'
import { causeOf } from '../../../src/inbox/index.ts'

const of = (message: string, name = 'Error'): string => causeOf({ name, message })

test('errors that differ in digits and ids alone have one cause', () => {
  expect(of('no order 17 of cus_9aX')).toBe(of('no order 4 of cus_1'))
  expect(of('job 0b9e4a52-70b1-4c6f-9d0e-7a1f9a3c5d21 is gone')).toBe(
    of('job ffffffff-70b1-4c6f-9d0e-aaaaaaaaaaaa is gone'),
  )
  expect(of('')).toMatch(/^[0-9a-f]{16}$/)
})

test('errors that say something else, or have another name, have another cause', () => {
  expect(of('no order 17')).not.toBe(of('no customer 17'))
  expect(of('no order 17', 'TypeError')).not.toBe(of('no order 17'))
})

test('megabytes are cut', () => {
  expect(of(`${'x'.repeat(10_000)} one`)).toBe(of(`${'x'.repeat(10_000)} other`))
})
