// Takes 40 s of CPU.
import { describe, expect, test } from 'vitest'
import { auditBroken, BROKEN } from './broken.ts'
import { DEFECTS } from './defects.ts'
import { auditPlanted } from './over-http.ts'

test.each([1, 2, 3])('a sound receiver has no finding with seed %i', async (seed) => {
  const report = await auditPlanted(undefined, { seed })
  expect([report.grade, report.findings, report.notes, report.unknown]).toEqual(['A', [], [], []])
})

describe.concurrent('a planted defect is found', () => {
  const found = Object.entries(DEFECTS).flatMap(([defect, id]) =>
    id === undefined ? [] : [[defect, id] as const],
  )

  test('there are at least 50', ({ expect: check }) => {
    check(found.length).toBeGreaterThanOrEqual(50)
  })

  test.for(found)('%s, by %s', async ([defect, id], { expect: check }) => {
    const { grade, findings } = await auditPlanted(defect)
    check(findings.flatMap(({ failures }) => failures.map((one) => one.case.id))).toContain(id)
    check(grade).not.toBe('A')
  })

  test('but the timing of a comparison, which is not judged', async ({ expect: check }) => {
    check((await auditPlanted('triple-equals')).findings).toEqual([])
  })
})

// If a receiver rejects no delivery, each case waits as long as the slowest handler. Parallel runs make that time long.
const WAITS = { timeout: 240_000 }

describe('Postern that is broken is seen', WAITS, () => {
  test.for(Object.entries(BROKEN))('it %s', async ([, broken], { expect: check }) => {
    const { findings, grade } = await auditBroken(broken)
    check(findings.map(({ id }) => id)).toContain(broken.sees)
    check(grade).not.toBe('A')
  })
})
