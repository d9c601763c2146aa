// Takes 20 s.
import { expect, test } from 'vitest'
import { needs } from '../services/needs.ts'
import { postgresServer } from '../services/programs.ts'
import { postgresCrashRun } from './postgres.ts'

needs(postgresServer).describe('postgresInbox', () => {
  test('eight kills of processes on one PostgreSQL: nothing acknowledged is lost, nothing settled runs again, no effect is double', async () => {
    const report = await postgresCrashRun(8)
    console.log(JSON.stringify(report))
    expect(report).toMatchObject({
      lost: 0,
      newTwice: 0,
      ranAfterSettled: 0,
      doubleByKey: 0,
      doubleEffects: 0,
      missingEffects: 0,
    })
    expect(report.acknowledged).toBeGreaterThan(100)
    expect(report.busyKills).toBeGreaterThanOrEqual(4)
  })
})
