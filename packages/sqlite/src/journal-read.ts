import {
  addCounts,
  unknownOptions,
  unpackMinute,
  type Bucket,
  type Counts,
  type HistoryRange,
} from '@postern/core/inbox'
import type { DatabaseSync } from 'node:sqlite'
import { HOUR, MINUTE, type SeriesKey } from './journal-history.ts'

const KEYS = ['from', 'to', 'step', 'receiver', 'subscription', 'kind', 'by']
// Rows that are read between two turns of the event loop.
const STEP = 64

/** Reads counts and gauges of a range; in steps, since a month has thousands of rows. */
export function createReadHistory(
  db: DatabaseSync,
): (range: HistoryRange) => Promise<readonly Bucket[]> {
  const series = db.prepare('SELECT id, name FROM postern_series')
  const rows = db.prepare(
    `SELECT at, counts, gauges FROM postern_history WHERE step = ? AND at > ? AND at < ? ORDER BY at LIMIT ${STEP}`,
  )

  return async (range) => {
    checkRange(range)
    const { from, to, step, kind = 'delivery' } = range
    const column = kind === 'gauge' ? 'gauges' : 'counts'
    const wanted = wantedOf(range)
    const buckets = new Map<number, Map<number, Counts>>()
    // Older history is in hours.
    for (const width of [HOUR, MINUTE]) {
      for (let after = from - 1; ;) {
        const found = rows.all(width, after, to) as unknown as HistoryRow[]
        for (const { at, [column]: data } of found) {
          after = at
          if (data) collect(from + Math.floor((at - from) / step) * step, data)
        }
        if (found.length < STEP) break
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    return [...buckets]
      .sort(([one], [other]) => one - other)
      .flatMap(([start, bucket]) =>
        [...bucket].map(([id, counts]) => bucketOf(start, wanted.get(id)!, counts)),
      )

    function collect(start: number, data: Uint8Array): void {
      let bucket = buckets.get(start)
      if (!bucket) buckets.set(start, (bucket = new Map()))
      for (const [id, counts] of unpackMinute(data)) {
        if (!wanted.has(id)) continue
        const before = bucket.get(id)
        bucket.set(id, before && column === 'counts' ? addCounts([before, counts]) : counts)
      }
    }
  }

  function wantedOf(range: HistoryRange): ReadonlyMap<number, SeriesKey> {
    const { kind = 'delivery', by = 'outcome', receiver, subscription } = range
    const wanted = new Map<number, SeriesKey>()
    for (const { id, name } of series.all() as unknown as { id: number; name: string }[]) {
      const key = JSON.parse(name) as SeriesKey
      if (
        key.kind === kind &&
        (kind === 'gauge' || key.by === by) &&
        (receiver === undefined || receiver === key.receiver) &&
        (subscription === undefined || subscription === key.subscription)
      )
        wanted.set(id, key)
    }
    return wanted
  }
}

function bucketOf(from: number, key: SeriesKey, counts: Counts): Bucket {
  const { kind, receiver, subscription, by, value } = key
  if (kind !== 'gauge') {
    const name = { receiver, ...(subscription !== undefined && { subscription }), kind }
    return { ...name, by: by!, value: value!, from, ...counts }
  }
  const { count: pending, sum: running, max: dead, histogram } = counts
  const oldest = histogram[0]?.[1]
  return { kind, receiver, subscription: subscription!, from, pending, running, dead, oldest }
}

function checkRange(range: HistoryRange): void {
  unknownOptions('history', range, KEYS)
  const { from, to, step } = range
  if (!(Number.isFinite(from) && Number.isFinite(to)))
    throw new TypeError('history: from and to must be milliseconds since 1970')
  if (!(Number.isSafeInteger(step) && step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be milliseconds of whole minutes, got ${String(step)}`)
}

interface HistoryRow {
  readonly at: number
  readonly counts: Uint8Array | null
  readonly gauges: Uint8Array | null
}
