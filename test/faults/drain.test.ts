import { describe, expect, test } from 'vitest'
import { postgresServer, redisServer, type Program } from '../services/programs.ts'
import { drainRun } from './drain.ts'
import type { DurableName } from './inboxes.ts'

const inboxes: readonly [DurableName, Program | undefined][] = [
  ['sqlite', undefined],
  ['bullmq', redisServer],
  ['pg-boss', postgresServer],
]

describe.each(inboxes)('%s', (name, program) => {
  const absent = program !== undefined && program.file === undefined
  if (absent) console.warn(`no drain run of ${name}: ${program.name} is missing, ${program.get}`)

  test.skipIf(absent)(
    'two processes share 3,000 events, each handled once',
    async () => {
      const report = await drainRun(name, 3000)
      console.log(JSON.stringify(report))
      expect(report).toMatchObject({ handled: 3000, again: 0 })
    },
    120_000,
  )
})
