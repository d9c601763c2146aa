// Takes 20 s.
import { expect, test } from 'vitest'
import { needs } from '../services/needs.ts'
import { redisServer } from '../services/programs.ts'
import { bullmqCrashRun } from './bullmq.ts'

needs(redisServer).describe('bullmqInbox', () => {
  test('eight kills of processes on one Redis: nothing acknowledged is lost, nothing settled runs again', async () => {
    const report = await bullmqCrashRun(8)
    console.log(JSON.stringify(report))
    expect(report).toMatchObject({ lost: 0, newTwice: 0, ranAfterSettled: 0, doubleByKey: 0 })
    expect(report.acknowledged).toBeGreaterThan(100)
    expect(report.busyKills).toBeGreaterThanOrEqual(4)
  })
})
