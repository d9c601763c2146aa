import { describe, expect, test } from 'vitest'
import { redisServer } from '../services/programs.ts'
import { bullmqCrashRun } from './bullmq.ts'

if (redisServer.file === undefined)
  console.warn(`no crash run of bullmqInbox: Redis is missing, ${redisServer.get}`)

describe.skipIf(redisServer.file === undefined)('bullmqInbox', () => {
  test('eight kills of processes on one Redis: nothing acknowledged is lost, nothing settled runs again', async () => {
    const report = await bullmqCrashRun(8)
    console.log(JSON.stringify(report))
    expect(report).toMatchObject({ lost: 0, ranAfterSettled: 0, doubleByKey: 0 })
    expect(report.acknowledged).toBeGreaterThan(100)
    expect(report.busyKills).toBeGreaterThanOrEqual(4)
  }, 120_000)
})
