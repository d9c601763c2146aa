import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { Bucket, CountKind, HistoryRange, MinuteCount, MinuteGauge } from '../../journal.ts'
import { addCounts, type Counts } from './minute-pack.ts'

/** Widths of history, in milliseconds. */
export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR
/** How long minutes are kept before they become hours, in milliseconds. */
export const MINUTES_KEPT: number = 2 * DAY
/** How long hours are kept, in milliseconds. */
export const HOURS_KEPT: number = 30 * DAY

/** The name of a series. `by` and `value` are null for a gauge, `subscription` is null for deliveries. */
export type SeriesKey = readonly [
  kind: CountKind | 'gauge',
  by: string | null,
  value: string | null,
  receiver: string,
  subscription: string | null,
]

/** History as it is read: rows of spans in, buckets of a range out. */
export interface Buckets {
  /** True if the range asks for the series. */
  wants(key: SeriesKey): boolean
  /** When the first span of that width begins that the range touches, in milliseconds since 1970. */
  first(width: number): number
  /** Adds the counts of a wanted series in the span that begins at `at`. Spans come oldest first. */
  add(at: number, key: SeriesKey, counts: Counts): void
  /** The oldest first. */
  all(): readonly Bucket[]
}

const KEYS = ['from', 'to', 'step', 'receiver', 'subscription', 'kind', 'by']
// Steps of one answer.
const MOST_STEPS = 10_000

interface Cell {
  readonly from: number
  readonly key: SeriesKey
  counts: Counts
}

/**
 * Makes the buckets of a range. A span that the range touches counts in full. Throws a `TypeError` for a range that cannot
 * be answered.
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
      // Of gauges the last one counts.
      else known.counts = gauge ? counts : addCounts([known.counts, counts])
    },
    all: () => [...cells.values()].sort((one, other) => one.from - other.from).map(toBucket),
  }
}

/** When the span of that width begins that holds a time. Both in milliseconds. */
export function floor(time: number, width: number): number {
  return time - (time % width)
}

/** The series of counts. */
export function countKey({ receiver, subscription, kind, by, value }: MinuteCount): SeriesKey {
  return [kind, by, value, receiver, subscription ?? null]
}

/** The series of gauges. */
export function gaugeKey({ receiver, subscription }: MinuteGauge): SeriesKey {
  return ['gauge', null, null, receiver, subscription]
}

/** The series that a name stands for. A `TypeError` or `SyntaxError` if it is the name of none. */
export function seriesKey(name: string): SeriesKey {
  const key = JSON.parse(name) as unknown
  if (!Array.isArray(key) || key.length !== 5) throw new TypeError('seriesKey: it is no series')
  return key as unknown as SeriesKey
}

/** Counts without their names. */
export function countsOf({ count, sum, max, histogram }: MinuteCount): Counts {
  return { count, sum, max, histogram }
}

/** A gauge in the place of counts: pending, running, dead, and in the histogram when the oldest task was due. */
export function gaugeCounts({ pending, running, dead, oldest }: MinuteGauge): Counts {
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
  return { kind, from, receiver, subscription: subscription!, pending, running, dead, oldest }
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
      `history: ${Math.ceil((to - from) / step)} steps are more than ${MOST_STEPS}; take a wider step`,
    )
}
