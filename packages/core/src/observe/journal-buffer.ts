import type { MaybePromise } from '../basics/maybe.ts'
import type { Arrival, JournalBatch, MinuteGauge, MinuteCount } from '../inbox/journal.ts'
import { unref } from '../basics/deadline.ts'

/** Collects journal entries and writes them later, in bounded memory. No method throws or delays a delivery. */
export interface JournalBuffer {
  /**
   * Returns true if the buffer has room for one more delivery. Otherwise counts the delivery as lost. Call this method
   * first, since it saves the work of creating the journal entry.
   */
  takes(verified: boolean): boolean
  arrived(arrival: Arrival): void
  series(name: SeriesName): Series
  /**
   * Sets the gauges (current numbers of tasks) of a subscription. For each minute, only the last values are written.
   */
  gauge(gauge: MinuteGauge): void
  flush(): Promise<void>
  close(): Promise<void>
}

// Time after which collected entries are written, in milliseconds. A timer can be lost when a Worker cancels it. So
// after `LOST` milliseconds, the timer is set again.
const EVERY = 1000
const LOST = 5 * EVERY

// Maximum number of deliveries in one batch, and also of counts and gauges together.
const ROWS = 500

// Maximum number of deliveries to record between two writes; any further delivery counts as lost. The limits are
// separate, so that a flood of unverified deliveries does not displace verified deliveries.
const MOST = { verified: 1000, unverified: 50 }

/** @param write - writes a batch. If it throws, the deliveries of the batch count as lost. */
export function createJournalBuffer(
  write: (batch: JournalBatch) => MaybePromise<void>,
): JournalBuffer {
  const table = createSeriesTable(schedule)
  let gauges = new Map<string, MinuteGauge>()
  let arrived: Arrival[] = []
  let kept = { verified: 0, unverified: 0 }
  let lost = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let scheduled = 0
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  return {
    takes,
    arrived(arrival) {
      // A delivery that is kept with its body always fits: a separate limit makes such deliveries rare.
      if (!arrival.kept) {
        if (!takes(arrival.verified)) return
        kept[arrival.verified ? 'verified' : 'unverified']++
      }
      if (closed) return
      arrived.push(arrival)
      schedule()
    },
    series: (name) => table.of(name),
    gauge(gauge) {
      if (closed) return
      gauges.set(JSON.stringify([gauge.receiver, gauge.subscription, gauge.minute]), gauge)
      schedule()
    },
    flush,
    close() {
      closed = true
      return flush()
    },
  }

  function takes(verified: boolean): boolean {
    if (closed) return false
    const ring = verified ? 'verified' : 'unverified'
    if (kept[ring] < MOST[ring]) return true
    // The full buffer is written soon. The same write reports this lost delivery.
    lost++
    return false
  }

  function schedule(): void {
    if (closed) return
    // Workers cancel the timers of a request when the request ends. So if a timer has not fired after `LOST`
    // milliseconds, it is set again.
    if (timer !== undefined && performance.now() - scheduled < LOST) return
    clearTimeout(timer)
    scheduled = performance.now()
    timer = setTimeout(() => void flush(), EVERY)
    unref(timer)
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    // Only one write runs at a time. A slow store gets fewer, larger batches, and entries that do not fit are lost.
    return (writing = writing.then(writeAll))
  }

  async function writeAll(): Promise<void> {
    for (const batch of take()) {
      try {
        await write(batch)
      } catch {
        lost += batch.arrived.length + batch.lost
      }
    }
  }

  function take(): readonly JournalBatch[] {
    const all = { arrived, minutes: table.take(), gauges: [...gauges.values()], lost }
    arrived = []
    gauges = new Map()
    kept = { verified: 0, unverified: 0 }
    lost = 0
    const batches: JournalBatch[] = []
    const { length } = all.minutes
    const count = Math.max(all.arrived.length, length + all.gauges.length, all.lost > 0 ? 1 : 0)
    // Counts and deliveries share batches, since syncing a batch to disk costs as much as a hundred rows.
    for (let from = 0; from < count; from += ROWS)
      batches.push({
        arrived: all.arrived.slice(from, from + ROWS),
        minutes: all.minutes.slice(from, from + ROWS),
        gauges: all.gauges.slice(Math.max(0, from - length), Math.max(0, from + ROWS - length)),
        lost: from === 0 ? all.lost : 0,
      })
    return batches
  }
}

export type SeriesName = Pick<MinuteCount, 'receiver' | 'subscription' | 'kind' | 'by' | 'value'>

/** Counts of one kind, for the minutes that are not written yet. */
export interface Series {
  /** Counts an entry that occurred at `at` (milliseconds since 1970), with its duration in milliseconds. */
  add(at: number, milliseconds: number): void
}

interface SeriesTable {
  /** Returns the series of a name. Cache the result, since this look-up costs more than {@link Series.add}. */
  of(name: SeriesName): Series
  take(): readonly MinuteCount[]
}

const MINUTE = 60_000
const OTHER = 'other'

// Maximum number of values to count separately for each series name, since senders can invent values.
const VALUES = 50

// Initial number of histogram buckets, enough for durations below 30 ms. Buckets are added when needed.
const BUCKETS = 64

interface Cell {
  readonly name: SeriesName
  minute: number
  count: number
  sum: number
  max: number
  buckets: Uint32Array
}

/**
 * Creates the table of all series. For each name, `VALUES` values are counted separately, and all further values
 * together as `other`. `dirtied` is called when there is something to write.
 */
function createSeriesTable(dirtied: () => void): SeriesTable {
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
    if (count >= VALUES && value !== OTHER) return of({ ...name, value: OTHER })
    counts.set(group, count + 1)
    const buckets = new Uint32Array(BUCKETS)
    const series = createSeries({ name, minute: 0, count: 0, sum: 0, max: 0, buckets })
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

/**
 * Number of durations for each bucket that is not empty, in ascending order of buckets. Each power of two of
 * microseconds has four buckets.
 */
export type Histogram = readonly (readonly [bucket: number, count: number])[]

// Number of buckets for each power of two. Below this number of microseconds, each bucket is one microsecond wide.
const FINE = 4

export function bucketOf(microseconds: number): number {
  if (!(microseconds >= FINE)) return microseconds >= 1 ? Math.floor(microseconds) : 0
  const power =
    microseconds < 2 ** 31
      ? 31 - Math.clz32(microseconds)
      : Math.min(52, Math.floor(Math.log2(microseconds)))
  return (power - 1) * FINE + (Math.floor(microseconds / 2 ** (power - 2)) % FINE)
}

/** Returns the middle of a bucket, in microseconds. A duration of 4 µs or more differs from it by at most an eighth. */
function bucketMiddle(bucket: number): number {
  if (bucket < FINE) return bucket
  const width = 2 ** (Math.floor(bucket / FINE) - 1)
  return (FINE + (bucket % FINE)) * width + width / 2
}

export function addHistograms(all: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>()
  for (const histogram of all)
    for (const [bucket, count] of histogram) counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  return [...counts].sort(([a], [b]) => a - b)
}

/** Returns the quantile of a histogram in microseconds, the median for a `share` of 0.5; undefined if it is empty. */
export function quantile(histogram: Histogram, share: number): number | undefined {
  const total = histogram.reduce((sum, [, count]) => sum + count, 0)
  let left = Math.max(1, Math.ceil(total * share))
  for (const [bucket, count] of histogram) {
    left -= count
    if (left <= 0) return bucketMiddle(bucket)
  }
  return undefined
}
