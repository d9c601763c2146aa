import {
  createBuckets,
  HOUR,
  MINUTE,
  unpackMinute,
  type Bucket,
  type Buckets,
  type HistoryRange,
  type SeriesKey,
} from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

// Rows that are read between two turns of the event loop.
const STEP = 64

/** Reads counts and gauges of a range; in steps, since a month has thousands of rows. */
export function createReadHistory(
  db: Database,
): (range: HistoryRange) => Promise<readonly Bucket[]> {
  const series = db.prepare('SELECT id, name FROM postern_series')
  const rows = db.prepare(
    `SELECT at, counts, gauges FROM postern_history WHERE step = ? AND at >= ? AND at < ? ORDER BY at LIMIT ${STEP}`,
  )

  return async (range) => {
    const buckets = createBuckets(range)
    const column = range.kind === 'gauge' ? 'gauges' : 'counts'
    const wanted = wantedOf(buckets)
    // Older history is in hours.
    for (const width of [HOUR, MINUTE]) {
      for (let start = buckets.first(width); ;) {
        const found = rows.all(width, start, range.to) as unknown as HistoryRow[]
        for (const { at, [column]: data } of found) {
          start = at + width
          for (const [id, counts] of data ? unpackMinute(data) : []) {
            const key = wanted.get(id)
            if (key) buckets.add(at, key, counts)
          }
        }
        if (found.length < STEP) break
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    return buckets.all()
  }

  function wantedOf(buckets: Buckets): ReadonlyMap<number, SeriesKey> {
    return new Map(
      (series.all() as unknown as { id: number; name: string }[])
        .map(({ id, name }) => [id, JSON.parse(name) as SeriesKey] as const)
        .filter(([, key]) => buckets.wants(key)),
    )
  }
}

interface HistoryRow {
  readonly at: number
  readonly counts: Uint8Array | null
  readonly gauges: Uint8Array | null
}
