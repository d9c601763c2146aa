import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { Bucket, CountKind, HistoryRange, MinuteCount, MinuteGauge } from '../../journal.ts'
import { addHistograms, type Histogram } from '../../../observe/journal-buffer.ts'

/** Widths of spans of time in the history, in milliseconds. */
export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR
/** How long minutes are kept before they are merged into hours, in milliseconds. */
export const MINUTES_KEPT: number = 2 * DAY
export const HOURS_KEPT: number = 30 * DAY

/**
 * The name of a series: one kind of counts over time. `by` and `value` are null for gauges; `subscription` is null for
 * deliveries.
 */
export type SeriesKey = readonly [
  kind: CountKind | 'gauge',
  by: string | null,
  value: string | null,
  receiver: string,
  subscription: string | null,
]

/** Sums stored spans (the counts of one minute or hour) into the buckets of a range. */
interface Buckets {
  wants(key: SeriesKey): boolean
  /**
   * Returns the start of the range's first span of `width` milliseconds, in milliseconds since
   * 1970.
   */
  first(width: number): number
  /** Adds the counts of a wanted series in the span that starts at `at`. Spans must be added oldest first. */
  add(at: number, key: SeriesKey, counts: Counts): void
  all(): readonly Bucket[]
}

const KEYS = ['from', 'to', 'step', 'receiver', 'subscription', 'kind', 'by']
// Maximum number of steps in one result.
const MOST_STEPS = 10_000

interface Cell {
  readonly from: number
  readonly key: SeriesKey
  counts: Counts
}

/**
 * Makes the buckets of a range. A span that is only partly in the range counts in full. Throws a `TypeError` for an
 * invalid range.
 */
export function createBuckets(range: HistoryRange): Buckets {
  checkRange(range)
  const { from, step, kind = 'delivery', by = 'outcome', receiver, subscription } = range
  const gauge = kind === 'gauge'
  const cells = new Map<string, Cell>()
  return {
    wants: ([itsKind, itsBy, , itsReceiver, itsSubscription]) =>
      itsKind === kind &&
      (gauge || itsBy === by) &&
      (receiver === undefined || receiver === itsReceiver) &&
      (subscription === undefined || subscription === itsSubscription),
    first: (width) => floor(from, width),
    add(at, key, counts) {
      const start = from + floor(Math.max(0, at - from), step)
      const name = `${start} ${JSON.stringify(key)}`
      const known = cells.get(name)
      if (!known) cells.set(name, { from: start, key, counts })
      else known.counts = gauge ? counts : addCounts([known.counts, counts])
    },
    all: () => [...cells.values()].sort((one, other) => one.from - other.from).map(toBucket),
  }
}

/** Returns the start of the span of `width` that contains `time`, all in milliseconds. */
export function floor(time: number, width: number): number {
  return time - (time % width)
}

export function countKey({ receiver, subscription, kind, by, value }: MinuteCount): SeriesKey {
  return [kind, by, value, receiver, subscription ?? null]
}

export function gaugeKey({ receiver, subscription }: MinuteGauge): SeriesKey {
  return ['gauge', null, null, receiver, subscription]
}

/** Parses the stored name of a series. Throws a `TypeError` or `SyntaxError` for any other text. */
export function seriesKey(name: string): SeriesKey {
  const key = JSON.parse(name) as unknown
  if (!Array.isArray(key) || key.length !== 5)
    throw new TypeError('seriesKey: this is not a series')
  return key as unknown as SeriesKey
}

export function countsOf({ count, sum, max, histogram }: MinuteCount): Counts {
  return { count, sum, max, histogram }
}

/** Returns a gauge as counts, as it is stored. The oldest due time is in the histogram. */
export function gaugeCounts({ pending, running, dead, oldestDueAt: oldest }: MinuteGauge): Counts {
  return {
    count: pending,
    sum: running,
    max: dead,
    histogram: oldest === undefined ? [] : [[0, Math.max(0, Math.floor(oldest))]],
  }
}

function toBucket({ from, key, counts }: Cell): Bucket {
  const [kind, by, value, receiver, subscription] = key
  if (kind !== 'gauge')
    return {
      from,
      receiver,
      ...(subscription !== null && { subscription }),
      kind,
      by: by as MinuteCount['by'],
      value: value!,
      ...counts,
    }
  const { count: pending, sum: running, max: dead, histogram } = counts
  const oldest = histogram[0]?.[1]
  return {
    kind,
    from,
    receiver,
    subscription: subscription!,
    pending,
    running,
    dead,
    oldestDueAt: oldest,
  }
}

function checkRange(range: HistoryRange): void {
  unknownOptions('history', range, KEYS)
  const { from, to, step } = range
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
    throw new TypeError(
      `history: from and to must be milliseconds since 1970 in that order, got ${String(from)} and ${String(to)}`,
    )
  if (!(Number.isSafeInteger(step) && step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be whole minutes in milliseconds, got ${String(step)}`)
  if ((to - from) / step > MOST_STEPS)
    throw new TypeError(
      `history: ${Math.ceil((to - from) / step)} steps are more than ${MOST_STEPS}; use a wider step`,
    )
}

/** Counts of one series in a span of time. Sums and maxima are in microseconds. */
export interface Counts {
  readonly count: number
  readonly sum: number
  readonly max: number
  readonly histogram: Histogram
}

/** Counts of one minute or hour. Each key is the number of a series. */
export type Minute = ReadonlyMap<number, Counts>

/** Encodes a minute as bytes: about 25 bytes for each series with few buckets. */
export function packMinute(minute: Minute): Uint8Array {
  const out: number[] = []
  for (const [series, { count, sum, max, histogram }] of minute) {
    for (const number of [series, count, Math.round(sum), Math.round(max), histogram.length])
      put(out, number)
    let last = 0
    for (const [bucket, its] of histogram) {
      put(out, bucket - last)
      put(out, its)
      last = bucket
    }
  }
  return Uint8Array.from(out)
}

/** Decodes the bytes of {@link packMinute}. Throws a `TypeError` for bytes that end early. */
export function unpackMinute(bytes: Uint8Array): Minute {
  const minute = new Map<number, Counts>()
  let at = 0
  while (at < bytes.length) {
    const [series, count, sum, max, buckets] = [take(), take(), take(), take(), take()] as const
    const histogram: [number, number][] = []
    let bucket = 0
    for (let left = buckets; left > 0; left--) histogram.push([(bucket += take()), take()])
    minute.set(series, { count, sum, max, histogram })
  }
  return minute

  function take(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new TypeError('unpackMinute: the bytes end in the middle')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
}

export const SPAN_GONE = 'these counts are left out of the history'

export function addCounts(parts: readonly Counts[]): Counts {
  if (parts.length === 1) return parts[0]!
  return {
    count: parts.reduce((total, { count }) => total + count, 0),
    sum: parts.reduce((total, { sum }) => total + sum, 0),
    max: parts.reduce((most, { max }) => Math.max(most, max), 0),
    histogram: addHistograms(parts.map(({ histogram }) => histogram)),
  }
}

/** Appends a whole number in groups of seven bits, the lowest group first. */
function put(out: number[], number: number): void {
  let left = number
  while (left >= 128) {
    out.push((left % 128) | 128)
    left = Math.floor(left / 128)
  }
  out.push(left)
}
