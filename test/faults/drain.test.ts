// Takes 10 s.
import { describe, expect } from 'vitest'
import { durableNames, durables } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'
import { drainRun } from './drain.ts'

describe.each(durableNames)('%s', (name) => {
  needs(...durables[name].programs).test(
    'two processes share 3,000 events, each handled once',
    async () => {
      const report = await drainRun(name, 3000)
      console.log(JSON.stringify(report))
      expect(report).toMatchObject({ handled: 3000, again: 0 })
    },
    120_000,
  )
})
