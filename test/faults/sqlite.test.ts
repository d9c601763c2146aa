// Takes 10 s.
import { expect, test } from 'vitest'
import { sqliteCrashRun } from './sqlite.ts'

test('ten kills of processes on one SQLite file: nothing acknowledged is lost, nothing settled runs again', async () => {
  const report = await sqliteCrashRun(10)
  console.log(JSON.stringify(report))
  expect(report).toMatchObject({
    lost: 0,
    newTwice: 0,
    ranAfterSettled: 0,
    doubleByKey: 0,
    doubleEffects: 0,
    missingEffects: 0,
    integrity: 'ok',
  })
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.busyKills).toBeGreaterThanOrEqual(5)
})
