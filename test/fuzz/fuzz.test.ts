// Takes 15 s.
import { describe, expect, test } from 'vitest'
import { play } from './play.ts'
import { targets } from './targets.ts'

// A short run with one seed; `npm test -- fuzz` uses other seeds.
const RUNS = { parsers: 200, headers: 200, schemes: 40, adapters: 40 } as const

describe.each(['parsers', 'headers', 'schemes', 'adapters'] as const)('%s', (area) => {
  test.each(targets.filter((target) => target.area === area))('$name', async (target) => {
    const { failure } = await play(target, { seed: 1, runs: RUNS[area], milliseconds: 15_000 })
    expect(failure).toBe(undefined)
  })
})
