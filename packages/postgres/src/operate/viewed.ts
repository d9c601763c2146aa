import { createHash } from 'node:crypto'
import type {
  AttemptRow,
  Before,
  CauseRow,
  ContentsRow,
  Place,
  StatsRow,
  Viewed,
} from '@postern/core/inbox'
import type { Settings } from '../settings.ts'
import {
  CAUSES,
  CONTENTS_OF,
  EMPTY,
  LOCK_EVENTS,
  OF_TASK,
  PRUNE,
  RESTING,
  STATS,
} from '../sql/view.ts'
import { ints, texts } from '../sql/words.ts'
import type { Database } from '../store/connection.ts'
import type { Sql } from '../store/pg.ts'
import { detail, rowPlace, scan } from './scan.ts'

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** Makes what operators read and change. */
export function createViewed(db: Database, { deadline }: Settings): Viewed {
  const { sql } = db
  return {
    // A deadline for each look, and no JIT: it costs more than most of them.
    scan: (want) => db.atomic(deadline, (within) => scan(within, want)),
    placeOf: rowPlace,
    detail: (id) => detail(sql, id),
    stats: async () => (await sql(STATS)) as unknown as readonly StatsRow[],
    causes: async (lanes) =>
      (await sql(CAUSES, [
        lanes === undefined ? null : ints(lanes),
      ])) as unknown as readonly CauseRow[],
    async version() {
      // Which transactions are over: it changes with each one that wrote, whoever made it.
      const [row] = await sql('SELECT pg_current_snapshot()::text AS snapshot')
      return createHash('sha256').update(String(row!['snapshot'])).digest().readUIntBE(0, 6)
    },
    attempts: async (task) => (await sql(OF_TASK, [task])) as unknown as readonly AttemptRow[],
    erase: (events, passing, empty) =>
      db.atomic(deadline, (within) => erase(within, events, passing, empty)),
    prune: (before, place) => db.atomic(deadline, (within) => prune(within, before, place)),
  }
}

async function erase(
  sql: Sql,
  events: readonly number[],
  passing: boolean,
  empty: Parameters<Viewed['erase']>[2],
): Promise<number> {
  await sql(LOCK_EVENTS, [ints(events), passing])
  // A statement behind the locks sees replays that were committed before them.
  const ids = (await sql(RESTING, [ints(events), passing])).map((row) => row['id'] as number)
  if (!empty) return ids.length
  let count = 0
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = await sql(CONTENTS_OF, [ints(ids.slice(from, from + AT_ONCE))])
    const left = (rows as unknown as readonly ContentsRow[]).flatMap((row) => empty(row) ?? [])
    if (left.length > 0)
      await sql(EMPTY, [
        ints(left.map(({ event }) => event)),
        texts(left.map(({ record }) => record)),
        texts(left.map(({ head }) => head)),
      ])
    count += left.length
  }
  return count
}

async function prune(
  sql: Sql,
  before: Before,
  place: Place | undefined,
): Promise<Place | undefined> {
  const { done, dead, known, guards } = before
  const [row] = await sql(PRUNE, [place?.[0] ?? -1, place?.[1] ?? 0, done, dead, known, guards])
  const { received, id } = row as { readonly received: number | null; readonly id: number }
  return received === null ? undefined : [received, id]
}
