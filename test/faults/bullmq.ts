import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TaskState } from '@postern/core/inbox'
import { bullmqInbox } from '@postern/bullmq'
import { startRedis } from '../services/redis.ts'
import { crashRun, type CrashReport } from './crash.ts'

/** Kills processes that share one Redis, for a number of rounds or minutes. */
export async function bullmqCrashRun(rounds: number, minutes?: number): Promise<CrashReport> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-crash-'))
  const journal = join(folder, 'journal')
  const redis = await startRedis()
  const program = fileURLToPath(new URL('bullmq-victim.ts', import.meta.url))
  const inbox = bullmqInbox({ connection: redis.url, deadline: '30s' })
  try {
    return await crashRun(
      {
        victim: [program, redis.url, journal],
        journal,
        settled: () => tasks('done'),
        running: async () => (await tasks('running')).length,
        subscriptions: ['plain', 'shaky'],
      },
      rounds,
      minutes,
    )
  } finally {
    await inbox.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }

  async function tasks(state: TaskState): Promise<readonly string[]> {
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await inbox.view!.list({ state, limit: 1000, ...(cursor && { cursor }) })
      for (const { subscription, event } of page.rows) found.push(`${subscription} ${event.id}`)
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? process.env['CRASH_ROUNDS'] ?? 50)
  console.table({ bullmq: await bullmqCrashRun(rounds) })
}
