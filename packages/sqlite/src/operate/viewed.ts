import {
  type FullRow,
  type Viewed,
  PENDING,
  type CauseRow,
  type StatsRow,
  TASKS,
  type InfoRow,
  type Scan,
  type Scanned,
  type Store,
} from '@postern/core/engine'
import type { Driver, Database } from '../driver/driver.ts'
import { createAttemptsOf } from '../store/patch.ts'
import type { Keys } from '../keys/keys.ts'
import type { Connection } from '../store/rows.ts'
import type { Writer } from '../store/writer.ts'
import { createErase, createPrune } from './prune.ts'
import { CONTENTS, FROM, INFO, conditionsOf, EVENT_INFO, FROM_EVENTS } from './filter.ts'
import { COUNTS, OLDEST } from '../sql/tasks.ts'
import {
  idBound,
  listPlaceOf,
  type ListPlace,
  createSources,
  startOf,
  type CandidateSource,
  type CandidateStep,
} from './sources.ts'

interface ViewedHost {
  readonly driver: Driver
  readonly keys: Keys
  readonly connection: Connection
  readonly writer: Writer
  readonly now: () => number
  /** Runs a read. Throws if the file was deleted or replaced. */
  readonly reading: <T>(query: () => T) => T
}

/** Creates the reads of the operators' view. They are short and do not block writes. */
export function createViewed(host: ViewedHost): Viewed & Required<Pick<Store, 'drop'>> {
  const { driver, keys, connection, writer, now, reading } = host
  const { claims } = connection
  const { main, side } = driver
  const scan = createScan(side, keys)
  const detail = side.prepare(`SELECT ${INFO}, t.data, ${CONTENTS} FROM ${FROM} WHERE t.id = ?`)
  const { stats, causes } = createStats(side)
  const attemptsOf = createAttemptsOf(side)
  const erase = createErase(main)
  const prune = createPrune(main, { ...connection, keys })

  return {
    scan: (want) => reading(() => (spread(), scan(want))),
    placeOf: ({ event, id }) => [event, id],
    detail: (id) => reading(() => (spread(), detail.get(id) as FullRow | undefined)),
    stats: () => reading(() => stats(now())),
    causes: (lanes) => reading(() => causes(lanes)),
    version: () => reading(() => side.version()),
    attempts: (task) => reading(() => attemptsOf(task)),
    erase: (events, passing, empty, noted) =>
      writer.write(() => {
        claims.spread()
        const count = erase(events, passing, empty)
        void connection.rows.note(noted(count))
        return count
      }),
    prune: (before, place) => writer.write(() => prune.step(before, place)),
    drop: (events) => writer.write(() => events.forEach((event) => prune.drop(event))),
  }

  /**
   * Gives rows to tasks that were claimed when they were stored. If another process has locked the file, these tasks
   * are missing in the list.
   */
  function spread(): void {
    if (claims.any()) writer.attempt(() => claims.spread())
  }
}

// Groups failed tasks by cause, as `topCauses` does.
const CAUSES = `WITH g AS MATERIALIZED (
    SELECT cause, lane, sum(state = 3) AS dead, sum(state < 2) AS retrying, min(id) >> 16 AS oldest,
           max(id) >> 16 AS newest, max(id) AS sample
    FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause IS NOT NULL
      AND (?1 IS NULL OR lane IN (SELECT value FROM json_each(?1)))
    GROUP BY cause, lane),
  c AS MATERIALIZED (
    SELECT cause, sum(dead) AS dead, sum(retrying) AS retrying, min(oldest) AS oldest, max(newest) AS newest,
           max(sample) AS sample, count(*) AS lanes
    FROM g GROUP BY cause),
  o AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY dead DESC, retrying DESC, cause) AS place,
      row_number() OVER (ORDER BY dead > 0 DESC, newest DESC, cause) AS age,
      count(*) OVER () AS among, sum(dead > 0) OVER () AS among_dead
    FROM c),
  top AS MATERIALIZED (
    SELECT o.*, s.error,
      (SELECT received FROM postern_events WHERE id >= o.oldest ORDER BY id LIMIT 1) AS first,
      (SELECT received FROM postern_events WHERE id >= o.newest ORDER BY id LIMIT 1) AS last
    FROM o JOIN postern_tasks s ON s.id = o.sample WHERE place <= 50 OR age <= 50),
  l AS (
    SELECT g.*, row_number() OVER (PARTITION BY cause ORDER BY dead DESC, retrying DESC, lane) AS nth
    FROM g WHERE cause IN (SELECT cause FROM top))
  SELECT l.cause, l.lane, iif(nth = 1, top.error, NULL) AS error, l.dead, l.retrying, top.first, top.last,
    top.dead AS allDead, top.retrying AS allRetrying, top.lanes AS subscriptionCount, top.among, top.among_dead AS amongDead
  FROM l JOIN top ON top.cause = l.cause WHERE nth <= 8 ORDER BY place, nth`

/** Creates the statistics. Only failing tasks are counted row by row; other counts are stored. */
function createStats(db: Database) {
  const lanes = db.prepare(COUNTS)
  const oldest = db.prepare(OLDEST)
  const causes = db.prepare(CAUSES)

  return {
    stats: (now: number): readonly StatsRow[] =>
      (lanes.all() as Record<'id' | 'pending' | 'running' | 'done' | 'dead', number>[]).flatMap(
        ({ id: lane, pending, running, done, dead }) =>
          [pending, running, done, dead].map((count, state) => ({
            lane,
            state,
            count,
            oldest: state === PENDING && count > 0 ? oldestOf(lane, now) : null,
          })),
      ),
    causes: (among: readonly number[] | undefined): readonly CauseRow[] =>
      causes.all(among === undefined ? null : JSON.stringify(among)) as readonly CauseRow[],
  }

  function oldestOf(lane: number, now: number): number | null {
    const { due } = oldest.get(lane, lane, lane, lane, lane) as { due: number | null }
    return due !== null && due <= now ? now - due : null
  }
}

interface Rows {
  readonly columns: string
  readonly from: Readonly<Record<CandidateStep['kind'], string>>
  readonly candidates: Readonly<Record<CandidateStep['kind'], string>>
  readonly id: string
}

const OF_EVENTS = 'json_each(?) j CROSS JOIN'

const ROWS: Readonly<Record<Scan['of'], Rows>> = {
  tasks: {
    columns: INFO,
    from: { tasks: FROM, events: `${OF_EVENTS} ${FROM}`, range: FROM },
    candidates: {
      tasks: 't.id IN (SELECT value FROM json_each(?))',
      events: `t.id >= j.value * ${TASKS} AND t.id < (j.value + 1) * ${TASKS}`,
      range: 't.id >= ? AND t.id < ?',
    },
    id: 't.id',
  },
  // All events, with or without tasks. Used only for filters without properties of tasks.
  events: {
    columns: EVENT_INFO,
    from: { tasks: FROM_EVENTS, events: FROM_EVENTS, range: FROM_EVENTS },
    candidates: {
      tasks: 'e.id IN (SELECT value >> 16 FROM json_each(?))',
      events: 'e.id IN (SELECT value FROM json_each(?))',
      range: 'e.id >= ? AND e.id < ?',
    },
    id: 'e.id',
  },
}

/** Creates `Viewed.scan`, which only reads. */
function createScan(db: Database, keys: Keys): (want: Scan) => Scanned {
  const sourceOf = createSources(db, keys)
  const older = db.prepare(
    'SELECT id, received FROM postern_events WHERE id <= ? ORDER BY id DESC LIMIT 1',
  )
  const newer = db.prepare(
    'SELECT id, received FROM postern_events WHERE id >= ? ORDER BY id LIMIT 1',
  )
  // All steps of one search use the same source.
  let before: { readonly filter: Scan['filter']; readonly source: CandidateSource } | undefined

  return (want) => {
    const { of, topic, after, width, limit, oldest } = want
    const place = listPlaceOf(after, oldest)
    if (before?.filter !== want.filter || after === undefined)
      before = { filter: want.filter, source: sourceOf(want) }
    const step = before.source.next(place, width)
    if (!step) return { rows: [], to: undefined, searchedTo: undefined }
    // SQL checks only the start of a pattern, so the rest is checked here.
    const pattern = topic?.exact === undefined && topic ? new RegExp(topic.source, 's') : undefined
    const most = pattern ? width : limit
    const all = read(want, step, place, most)
    const rows = pattern ? all.filter((row) => pattern.test(row.topic)) : all
    const cut = rows.length > limit || all.length === most
    const last = rows.length > limit ? rows[limit - 1] : all.at(-1)
    const to = cut && last ? { event: last.event, task: last.id } : step.to
    const next = (oldest ? newer : older).get(
      of === 'events' && to.task === 0 ? to.event - 1 : to.event,
    ) as { id: number; received: number } | undefined
    // The next step starts at an event that exists: a damaged number may be far away.
    const start = next && (next.id === to.event ? to : startOf(next.id, oldest))
    return {
      rows: rows.slice(0, limit),
      // If no event follows, this is the last page.
      to: start && [start.event, start.task],
      searchedTo: next?.received,
    }
  }

  function read(
    want: Scan,
    { kind, ids }: CandidateStep,
    place: ListPlace,
    most: number,
  ): (InfoRow | FullRow)[] {
    const { columns, from, candidates, id } = ROWS[want.of]
    const { sql, values } = conditionsOf(want)
    const events = want.of === 'events'
    const unit = events ? 1 : TASKS
    const bound = events ? place.event + (place.task === 0 ? 0 : 1) : idBound(place)
    const first = (ids[0]! + 1) * unit
    const behind = (ids[1]! + 1) * unit
    const given =
      kind !== 'range'
        ? [JSON.stringify(ids), want.oldest ? place.task : bound]
        : want.oldest
          ? [Math.max(place.task + 1, first), behind]
          : [first, Math.min(bound, behind)]
    const beyond = kind === 'range' ? '' : `AND ${id} ${want.oldest ? '>' : '<'} ?`
    const all = want.full
      ? `${columns}, ${events ? 'NULL AS data' : 't.data'}, ${CONTENTS}`
      : columns
    return db
      .prepare(
        `SELECT ${all} FROM ${from[kind]} WHERE ${candidates[kind]} ${beyond} AND ${sql} ORDER BY ${id} ${want.oldest ? 'ASC' : 'DESC'} LIMIT ?`,
      )
      .all(...given, ...values, most) as (InfoRow | FullRow)[]
  }
}
