// Takes 40 s.
import { expect, test } from 'vitest'
import { needs } from '../services/needs.ts'
import { mariadbServer, postgresServer } from '../services/programs.ts'
import { mysqlCrashRun, postgresCrashRun } from './servers.ts'

for (const { name, program, run } of [
  { name: 'postgresInbox', program: postgresServer, run: postgresCrashRun },
  { name: 'mysqlInbox', program: mariadbServer, run: mysqlCrashRun },
])
  needs(program).describe(name, () => {
    test('eight kills of processes on one server: nothing acknowledged is lost, nothing settled runs again, no effect is double', async () => {
      const report = await run(8)
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
