import { beforeAll, describe, expect, test } from 'vitest'
import type { HostileCase } from './case.ts'
import { casesByDelivery, casesByHand } from './cases.ts'
import { hosts } from './hosts.ts'
import { playAll } from './play.ts'
import { told } from './report.ts'

let byDelivery: readonly HostileCase[] = []

beforeAll(async () => {
  byDelivery = await casesByDelivery()
})

test('there are cases of each class', () => {
  const names = [...byDelivery, ...casesByHand()].map(({ name }) => name)
  expect(names.length).toBeGreaterThan(5000)
  expect(new Set(names).size).toBe(names.length)
})

// Those of each provider go through two or three of the hosts here, and through all of them in `npm run test:hostile`.
const TURN = 3

describe('every case gets the reply it must get', () => {
  test.each(hosts.map((open, at) => [at, open] as const))(
    'through host %i',
    { timeout: 180_000 },
    async (place, open) => {
      const cases = byDelivery.filter((_, at) => at % TURN === place % TURN)
      const host = await open()
      try {
        const verdicts = await playAll([...cases, ...casesByHand()], host)
        expect(told(verdicts.filter(({ wrong }) => wrong !== undefined))).toEqual([])
        expect(verdicts.filter(({ accepted, crashed }) => accepted || crashed)).toEqual([])
      } finally {
        await host.close()
      }
    },
  )
})
