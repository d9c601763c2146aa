import { createHash } from 'node:crypto'
import type {
  AttemptRow,
  Before,
  CauseRow,
  ContentsRow,
  Place,
  StatsRow,
  Store,
  Viewed,
} from '@postern/core/inbox'
import type { Settings } from '../settings.ts'
import {
  CAUSES,
  CONTENTS_OF,
  DROP_EVENTS,
  EMPTY,
  LOCK_EVENTS,
  OF_TASK,
  PRUNE,
  RESTING,
  STATS,
} from '../sql/view.ts'
import { FORGET_TENANTS } from '../sql/lines.ts'
import { ints, texts } from '../sql/words.ts'
import type { Database } from '../store/connection.ts'
import { readRow, type Sql } from '../store/pg.ts'
import { idsOf, noteActions } from '../store/rows.ts'
import { taskDetail, rowPlace, scan } from './scan.ts'

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** Makes what operators read and change. */
export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  const { sql } = db
  return {
    // A deadline for each look, and no JIT: it costs more than most of them.
    scan: (want) => db.atomic(deadline, (within) => scan(within, want)),
    placeOf: rowPlace,
    detail: (id) => taskDetail(sql, id),
    stats: () => sql<StatsRow>(STATS),
    causes: (lanes) => sql<CauseRow>(CAUSES, [lanes === undefined ? null : ints(lanes)]),
    async version() {
      // Which transactions are over: it changes with each one that wrote, whoever made it.
      const seen = sql<{ text: string }>('SELECT pg_current_snapshot()::text AS text')
      return createHash('sha256')
        .update((await readRow(seen)).text)
        .digest()
        .readUIntBE(0, 6)
    },
    attempts: (task) => sql<AttemptRow>(OF_TASK, [task]),
    erase: (events, passing, empty, noted) =>
      db.atomic(deadline, async (within) => {
        const count = await erase(within, events, passing, empty)
        const notes = noted(count)
        if (notes.length > 0) await noteActions(within, notes)
        return count
      }),
    async drop(events) {
      await sql(DROP_EVENTS, [ints(events)])
    },
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
  const ids = [...idsOf(await sql(RESTING, [ints(events), passing]))]
  if (!empty) return ids.length
  let count = 0
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = await sql<ContentsRow>(CONTENTS_OF, [ints(ids.slice(from, from + AT_ONCE))])
    const left = rows.flatMap((row) => empty(row) ?? [])
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
  if (place === undefined) await sql(FORGET_TENANTS, [])
  const { done, dead, known, guards } = before
  const values = [place?.[0] ?? -1, place?.[1] ?? 0, done, dead, known, guards]
  const { received, id } = await readRow(
    sql<{ received: number | null; id: number }>(PRUNE, values),
  )
  return received === null ? undefined : [received, id]
}
