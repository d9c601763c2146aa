import { beforeAll, describe, expect, test } from 'vitest'
import type { HostileCase } from './case.ts'
import { hostileCases } from './cases.ts'
import { hosts } from './hosts.ts'
import { playAll } from './play.ts'
import { told } from './report.ts'

let cases: readonly HostileCase[] = []

beforeAll(async () => {
  cases = await hostileCases()
})

test('there are cases of each class', () => {
  expect(cases.length).toBeGreaterThan(5000)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

describe('every case gets the reply it must get', () => {
  test.each(hosts.map((open, at) => [at, open] as const))(
    'through host %i',
    { timeout: 180_000 },
    async (_, open) => {
      const host = await open()
      try {
        const verdicts = await playAll(cases, host)
        expect(told(verdicts.filter(({ wrong }) => wrong !== undefined))).toEqual([])
        expect(verdicts.filter(({ accepted, crashed }) => accepted || crashed)).toEqual([])
      } finally {
        await host.close()
      }
    },
  )
})
