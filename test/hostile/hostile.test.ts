import { expect, test } from 'vitest'
import { hostileCases } from './cases.ts'
import { testThrough } from './through.ts'

test('there are cases of each class', async () => {
  const cases = await hostileCases()
  expect(cases.length).toBeGreaterThan(5000)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

testThrough((name) => name === 'fetch')
