// Takes 40 s.
import { describe, expect } from 'vitest'
import { durableNames, durables } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'
import { crashRun } from './crash.ts'

describe.each(durableNames)('%s', (name) => {
  needs(...durables[name].programs).test(
    'eight kills of processes on one store: nothing acknowledged is lost, nothing settled runs again, no effect is double',
    async () => {
      // The pause limits the load: a kill needs only some running deliveries and tasks.
      const report = await crashRun(name, 8, { pause: 60 })
      console.log(JSON.stringify(report))
      expect(report).toMatchObject({
        lost: 0,
        newTwice: 0,
        ranAfterSettled: 0,
        doubleByKey: 0,
        ...(name !== 'bullmq' && { doubleEffects: 0, missingEffects: 0 }),
        ...(name === 'sqlite' && { integrity: 'ok' }),
      })
      expect(report.acknowledged).toBeGreaterThan(100)
      expect(report.busyKills).toBeGreaterThanOrEqual(4)
    },
  )
})
