import { describe, expect } from 'vitest'
import { needs } from '../services/needs.ts'
import { postgresServer, redisServer, type Program } from '../services/programs.ts'
import { drainRun } from './drain.ts'
import type { DurableName } from './inboxes.ts'

const inboxes: readonly [DurableName, readonly Program[]][] = [
  ['sqlite', []],
  ['bullmq', [redisServer]],
  ['pg-boss', [postgresServer]],
]

describe.each(inboxes)('%s', (name, programs) => {
  needs(...programs).test(
    'two processes share 3,000 events, each handled once',
    async () => {
      const report = await drainRun(name, 3000)
      console.log(JSON.stringify(report))
      expect(report).toMatchObject({ handled: 3000, again: 0 })
    },
    120_000,
  )
})
