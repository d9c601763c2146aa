import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { durables, openDurable, type DurableName } from '../../services/inboxes.ts'
import { startPostgres } from '../../services/postgres.ts'
import { postgresServer, redisServer } from '../../services/programs.ts'
import { startRedis } from '../../services/redis.ts'
import { unique } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { COST_HEAD, costOf } from './scale-cost.ts'
import { LIFE_HEAD, lifeOf } from './scale-life.ts'

interface Place {
  readonly store: string
  readonly pid: number | undefined
}

/**
 * Measures CPU, writes and disk space per delivery for each inbox. Also measures opening, listing and pruning a store
 * of two million events.
 */
export async function scale({ quick }: Effort): Promise<PartResult> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-scale-'))
  const redis = redisServer.file === undefined ? undefined : await startRedis()
  const postgres = postgresServer.file === undefined ? undefined : await startPostgres()
  const places = new Map<DurableName, () => Place>([
    ['sqlite', () => ({ store: join(folder, `${unique()}.db`), pid: undefined })],
  ])
  if (redis) places.set('bullmq', () => ({ store: redis.url, pid: redis.pid }))
  if (postgres) places.set('postgres', () => ({ store: postgres.url, pid: postgres.pid }))
  const opener = (name: DurableName, { store }: Place): ((keep?: object) => Promise<Inbox>) => {
    const own = durables[name].own(unique())
    return (keep) => openDurable(name, store, { lease: '30s', ...own, ...keep })
  }
  const costs: string[][] = []
  const lives: string[][] = []
  const count = quick ? 20_000 : 2_000_000
  try {
    for (const bytes of [1024, 8 * 1024]) {
      const memory = memoryInbox({ maxWaitingBytes: 2 ** 30 })
      costs.push(await costOf({ title: 'memory', inbox: memory, bytes, quick }))
      for (const [name, place] of places) {
        const { title, weigh } = durables[name]
        const at = place()
        console.log(`scale: ${title}, ${bytes} bytes`)
        costs.push(
          await costOf({
            title,
            inbox: await opener(name, at)(),
            bytes,
            quick,
            pid: at.pid,
            weigh: await weigh(at.store),
          }),
        )
      }
    }
    // BullMQ keeps its events in Redis's memory, which has no room for two million bodies.
    for (const name of ['sqlite', 'postgres'] as const) {
      const place = places.get(name)
      if (place) lives.push(await lifeOf(durables[name].title, opener(name, place()), count))
    }
  } finally {
    await redis?.stop()
    await postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    tables: [
      {
        title: 'Scale: what a delivery costs each inbox',
        note: 'From accept to settled in one process, 64 in flight, without HTTP: CPU of Node and of the database, what both handed to the disk, and what the store grew by (of Redis: its memory).',
        head: COST_HEAD,
        rows: costs,
      },
      {
        title: `Scale: a store of ${count.toLocaleString('en')} events`,
        note: 'Done events of 1 KB, in milliseconds: opened until its counts are told; lists of 100 tasks. Then all are too old, and are forgotten beside a worker that takes, runs and settles 500 a second.',
        head: LIFE_HEAD,
        rows: lives,
      },
    ],
    targets: [],
  }
}
