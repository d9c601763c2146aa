import {
  addCounts,
  countKey,
  countsOf,
  floor,
  gaugeCounts,
  gaugeKey,
  HOUR,
  HOURS_KEPT,
  MINUTE,
  MINUTES_KEPT,
  packMinute,
  unpackMinute,
  type Counts,
  type MinuteCount,
  type MinuteGauge,
  type SeriesKey,
} from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

/** Writes counts and gauges. Inside a transaction. */
export interface HistoryWriter {
  add(minutes: readonly MinuteCount[], gauges: readonly MinuteGauge[]): void
  /** Makes minutes that are two days old hours, and drops hours after thirty; a few rows each time. */
  rollUp(now: number): void
}

// Rows rolled up in one transaction: an hour of minutes.
const STEP = 60

/** How rows of one column are added: counts are summed, and the last gauge stays. */
const COLUMNS: Readonly<Record<'counts' | 'gauges', (one: Counts, later: Counts) => Counts>> = {
  counts: (one, later) => addCounts([one, later]),
  gauges: (_, later) => later,
}
type Column = keyof typeof COLUMNS

/** Prepares the statements. */
export function createHistory(db: Database): HistoryWriter {
  const findSeries = db.prepare('SELECT id FROM postern_series WHERE name = ?')
  const addSeries = db.prepare('INSERT INTO postern_series (name) VALUES (?)')
  const each = (statement: (column: Column) => string) => ({
    counts: db.prepare(statement('counts')),
    gauges: db.prepare(statement('gauges')),
  })
  const find = each(
    (column) => `SELECT ${column} AS data FROM postern_history WHERE step = ? AND at = ?`,
  )
  const put = each(
    (column) => `INSERT INTO postern_history (step, at, ${column}) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET ${column} = excluded.${column}`,
  )
  const old = db.prepare(
    `SELECT at, counts, gauges FROM postern_history WHERE step = ${MINUTE} AND at < ? ORDER BY at LIMIT ${STEP}`,
  )
  const drop = db.prepare('DELETE FROM postern_history WHERE step = ? AND at <= ?')
  const known = new Map<string, number>()

  return {
    add(minutes, gauges) {
      // A number of the table may have been rolled back: unknown series are looked up again.
      known.clear()
      write(
        'counts',
        MINUTE,
        minutes.map((one) => ({
          minute: one.minute,
          series: numberOf(countKey(one)),
          counts: countsOf(one),
        })),
      )
      write(
        'gauges',
        MINUTE,
        gauges.map((one) => ({
          minute: one.minute,
          series: numberOf(gaugeKey(one)),
          counts: gaugeCounts(one),
        })),
      )
    },
    rollUp(now) {
      const rows = old.all(now - MINUTES_KEPT) as unknown as HistoryRow[]
      if (rows.length > 0) {
        for (const column of ['counts', 'gauges'] as const)
          write(
            column,
            HOUR,
            rows.flatMap(({ at, [column]: data }) =>
              [...(data ? unpackMinute(data) : [])].map(([series, counts]) => ({
                minute: floor(at, HOUR),
                series,
                counts,
              })),
            ),
          )
        drop.run(MINUTE, rows.at(-1)!.at)
      }
      drop.run(HOUR, now - HOURS_KEPT)
    },
  }

  /** Adds to what the rows have. */
  function write(column: Column, step: number, parts: readonly Part[]): void {
    const spans = new Map<number, Map<number, Counts>>()
    for (const { minute, series, counts } of parts) {
      let span = spans.get(minute)
      if (!span) {
        const row = find[column].get(step, minute) as { data: Uint8Array | null } | undefined
        spans.set(minute, (span = new Map(row?.data ? unpackMinute(row.data) : [])))
      }
      const before = span.get(series)
      span.set(series, before ? COLUMNS[column](before, counts) : counts)
    }
    for (const [at, span] of spans) put[column].run(step, at, packMinute(span))
  }

  function numberOf(key: SeriesKey): number {
    const name = JSON.stringify(key)
    let number = known.get(name)
    if (number === undefined) {
      const row = findSeries.get(name) as { id: number } | undefined
      number = row?.id ?? Number(addSeries.run(name).lastInsertRowid)
      known.set(name, number)
    }
    return number
  }
}

interface Part {
  readonly minute: number
  readonly series: number
  readonly counts: Counts
}

interface HistoryRow {
  readonly at: number
  readonly counts: Uint8Array | null
  readonly gauges: Uint8Array | null
}
