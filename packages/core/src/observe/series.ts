import type { MinuteCount } from '../inbox/journal.ts'
import { bucketOf } from '../inbox/engine/journal/histogram.ts'

/** What a series counts. */
export type SeriesName = Pick<MinuteCount, 'receiver' | 'subscription' | 'kind' | 'by' | 'value'>

/** Counts of one kind, in the minutes that were not written yet. */
export interface Series {
  /** Counts something that took that many milliseconds, at a time in milliseconds since 1970. */
  add(at: number, milliseconds: number): void
}

/** All series of a process. */
interface SeriesTable {
  /** The series of a name: keep it, since looking it up costs more than adding to it. */
  of(name: SeriesName): Series
  /** Counts since the last call. */
  take(): readonly MinuteCount[]
}

const MINUTE = 60_000
const OTHER = 'other'

// Those of a duration below 30 ms. It grows for others.
const BUCKETS = 64

interface Cell {
  readonly name: SeriesName
  minute: number
  count: number
  sum: number
  max: number
  /** Counts by bucket. */
  buckets: Uint32Array
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
    const series = createSeries({
      name,
      minute: 0,
      count: 0,
      sum: 0,
      max: 0,
      buckets: new Uint32Array(BUCKETS),
    })
    known.set(key, series)
    return series
  }

  function createSeries(cell: Cell): Series {
    return {
      add(at, milliseconds) {
        if (cell.count > 0 && !(at >= cell.minute && at < cell.minute + MINUTE)) close(cell)
        if (cell.count === 0) {
          cell.minute = at - (at % MINUTE)
          dirty.push(cell)
          dirtied()
        }
        const took = Math.max(0, Math.round(milliseconds * 1000))
        const bucket = bucketOf(took)
        cell.count++
        cell.sum += took
        if (took > cell.max) cell.max = took
        if (bucket >= cell.buckets.length) grow(cell, bucket)
        cell.buckets[bucket]!++
      },
    }
  }

  function close(cell: Cell): void {
    if (cell.count === 0) return
    const { name, minute, count, sum, max, buckets } = cell
    const histogram: [bucket: number, count: number][] = []
    for (let at = 0; at < buckets.length; at++)
      if (buckets[at]! > 0) histogram.push([at, buckets[at]!])
    done.push({ ...name, minute, count, sum, max, histogram })
    cell.count = cell.sum = cell.max = 0
    buckets.fill(0)
  }
}

function grow(cell: Cell, bucket: number): void {
  const { buckets } = cell
  cell.buckets = new Uint32Array(2 ** Math.ceil(Math.log2(bucket + 1)))
  cell.buckets.set(buckets)
}
