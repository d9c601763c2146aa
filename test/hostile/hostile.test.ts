// Takes 30 s.
import { expect, test } from 'vitest'
import { casesOfKinds, hostileCases } from './cases.ts'
import { testThrough } from './through.ts'

const all = hostileCases()

test('there are cases of each class, and each has its name', async () => {
  const cases = await all
  expect(cases.length).toBeGreaterThan(10_000)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

test('the cases of the kinds of senders are of all classes, and among all', async () => {
  const [cases, some] = [await all, await casesOfKinds()]
  const classesOf = (of: typeof cases): ReadonlySet<string> => new Set(of.map((one) => one.class))
  expect(classesOf(some)).toEqual(classesOf(cases))
  const names = new Set(cases.map(({ name }) => name))
  expect(some.filter(({ name }) => !names.has(name))).toEqual([])
  expect(some.length).toBeGreaterThan(3000)
})

testThrough((name) => name === 'fetch', all)
