import type { MinuteCount } from '../inbox/journal.ts'
import { bucketOf } from '../inbox/history/histogram.ts'

/** What a series counts. */
export type SeriesName = Pick<MinuteCount, 'receiver' | 'subscription' | 'kind' | 'by' | 'value'>

/** Counts of one kind, in the minutes that were not written yet. */
export interface Series {
  /** Counts something that took that many milliseconds, at a time in milliseconds since 1970. */
  add(at: number, milliseconds: number): void
}

/** All series of a process. */
export interface SeriesTable {
  /** The series of a name: keep it, since looking it up costs more than adding to it. */
  of(name: SeriesName): Series
  /** Counts since the last call. */
  take(): readonly MinuteCount[]
}

const MINUTE = 60_000
const OTHER = 'other'

interface Cell {
  readonly name: SeriesName
  minute: number
  count: number
  sum: number
  max: number
  /** Counts by bucket, sparse. */
  buckets: Map<number, number>
}

/**
 * Makes a {@link SeriesTable}. Values come from outside (codes, causes), so each receiver, subscription, kind and `by` has at most `values`
 * of them; what comes after is counted as `other`.
 */
export function createSeriesTable(values: number, dirtied: () => void): SeriesTable {
  const known = new Map<string, Series>()
  const counts = new Map<string, number>()
  let dirty: Cell[] = []
  let done: MinuteCount[] = []

  return {
    of,
    take() {
      for (const cell of dirty) close(cell)
      const taken = done
      dirty = []
      done = []
      return taken
    },
  }

  function of(name: SeriesName): Series {
    const { receiver, subscription, kind, by, value } = name
    const group = JSON.stringify([receiver, subscription, kind, by])
    const key = `${group}${value}`
    const found = known.get(key)
    if (found) return found
    const count = counts.get(group) ?? 0
    if (count >= values && value !== OTHER) return of({ ...name, value: OTHER })
    counts.set(group, count + 1)
    const series = createSeries({ name, minute: 0, count: 0, sum: 0, max: 0, buckets: new Map() })
    known.set(key, series)
    return series
  }

  function createSeries(cell: Cell): Series {
    return {
      add(at, milliseconds) {
        const minute = at - (at % MINUTE)
        if (cell.count > 0 && cell.minute !== minute) close(cell)
        if (cell.count === 0) {
          cell.minute = minute
          dirty.push(cell)
          dirtied()
        }
        const took = Math.max(0, Math.round(milliseconds * 1000))
        const bucket = bucketOf(took)
        cell.count++
        cell.sum += took
        if (took > cell.max) cell.max = took
        cell.buckets.set(bucket, (cell.buckets.get(bucket) ?? 0) + 1)
      },
    }
  }

  function close(cell: Cell): void {
    if (cell.count === 0) return
    const { name, minute, count, sum, max, buckets } = cell
    const histogram = [...buckets].sort(([a], [b]) => a - b)
    done.push({ ...name, minute, count, sum, max, histogram })
    cell.count = cell.sum = cell.max = 0
    cell.buckets = new Map()
  }
}
