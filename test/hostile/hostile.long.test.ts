// Takes 30 s. The cases run only on `fetch` here. `npm test -- hostile` plays them through each adapter.
import { expect, test } from 'vitest'
import { hostileCases } from './cases.ts'
import { hosts } from './hosts.ts'
import { playAll } from './play.ts'
import { told } from './report.ts'

const all = hostileCases()

test('there are cases of each class, and each has its name', async () => {
  const cases = await all
  expect(cases.length).toBeGreaterThan(10_000)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

test('every case gets the reply it must get through fetch', { timeout: 600_000 }, async () => {
  const host = await hosts.find(({ name }) => name === 'fetch')!.open()
  try {
    const verdicts = await playAll(await all, host)
    expect(told(verdicts.filter(({ wrong }) => wrong !== undefined))).toEqual([])
    expect(verdicts.filter(({ accepted, crashed }) => accepted || crashed)).toEqual([])
  } finally {
    await host.close()
  }
})
