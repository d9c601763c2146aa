import { grouped, HOUR, MINUTE } from '@postern/core/engine'
import type { Bucket } from '@postern/core/inbox'
import { countBuckets, sumOf, type Counted } from '../span.ts'

/** A burst: more rejections than usual, as after a change at the sender or in a setting. */
export interface Burst {
  readonly receiver: string
  readonly code: string
  readonly count: number
  /**
   * The minute of the first rejection, in milliseconds since 1970. This value stays the same while the burst continues.
   */
  readonly since: number
  /** The end of the last rejection's minute, or now if that is earlier. */
  readonly last: number
  /**
   * True if the last rejection is more than an hour ago, and also more than three times the longest gap between two
   * rejections.
   */
  readonly isOver: boolean
}

const STRANGERS: ReadonlySet<string> = new Set([
  'missing_header',
  'malformed_header',
  'unknown_sender',
])
const RECENT = 6
const LEAST = 5
const TIMES = 3

/** True for a code that any unauthenticated client can cause. Such a code says nothing about the app. */
export function isStranger(code: string): boolean {
  return STRANGERS.has(code)
}

/** Returns the start of the six hours that `burstsOf` reads: a whole minute, in milliseconds since 1970. */
export function recentFrom(now: number): number {
  return now - (now % MINUTE) - RECENT * HOUR
}

/**
 * Finds the bursts of the last six hours, by receiver and code. A burst has at least 5 rejections within an hour, and
 * at least three times the median count per hour of the week before.
 */
export function burstsOf(
  recent: readonly Bucket[],
  week: readonly Bucket[],
  now: number,
): readonly Burst[] {
  const nameOf = ({ receiver, value }: Counted): string => JSON.stringify([receiver, value])
  const earlier = countBuckets(week).filter(({ from }) => from + HOUR <= recentFrom(now))
  const usual = grouped(earlier, nameOf)
  const start = Math.min(...earlier.map(({ from }) => from))
  const hours = earlier.length === 0 ? 0 : Math.round((recentFrom(now) - start) / HOUR)
  const bursts: Burst[] = []
  for (const [name, buckets] of grouped(countBuckets(recent), nameOf)) {
    const { receiver, value: code } = buckets[0]!
    if (isStranger(code)) continue
    const before = usual.get(name) ?? []
    const least = Math.max(
      LEAST,
      TIMES *
        median(
          before.map(({ count }) => count),
          hours,
        ),
    )
    const since = beginOf(buckets, before, least, recentFrom(now))
    if (since !== undefined)
      bursts.push({ receiver, code, count: sumOf(buckets), since, ...endOf(buckets, now) })
  }
  return bursts
}

/**
 * Returns the minute in which a burst started. Within a burst, no gap between rejections is longer than an hour. If the
 * burst started more than six hours ago, the start comes from the hourly counts of the week. Returns undefined if there
 * is no burst.
 */
function beginOf(
  buckets: readonly Counted[],
  before: readonly Counted[],
  least: number,
  window: number,
): number | undefined {
  const minutes = buckets.toSorted((one, other) => one.from - other.from)
  let begin = minutes[0]!.from
  let found: number | undefined
  for (const [place, { from }] of minutes.entries()) {
    if (place > 0 && from - minutes[place - 1]!.from > HOUR) begin = from
    const hour = minutes.filter((one) => one.from > from - HOUR && one.from <= from)
    if (sumOf(hour) < least) continue
    found = begin
    break
  }
  if (found === undefined || found - window > HOUR) return found
  for (const { from } of before.toSorted((one, other) => other.from - one.from)) {
    if (found - from > 2 * HOUR) break
    found = from
  }
  return found
}

function endOf(buckets: readonly Counted[], now: number): Pick<Burst, 'last' | 'isOver'> {
  const minutes = buckets.map(({ from }) => from).toSorted((one, other) => one - other)
  const gaps = minutes.slice(1).map((from, at) => from - minutes[at]!)
  const last = Math.min(now, minutes.at(-1)! + MINUTE)
  return { last, isOver: now - last > Math.max(HOUR, 3 * Math.max(0, ...gaps)) }
}

/**
 * Returns the median count per hour over `hours` hours. `counts` has only the hours with a rejection; the others count
 * as 0.
 */
function median(counts: readonly number[], hours: number): number {
  const empty = Math.max(0, hours - counts.length)
  const place = Math.floor((empty + counts.length) / 2) - empty
  return place < 0 ? 0 : (counts.toSorted((one, other) => one - other)[place] ?? 0)
}
