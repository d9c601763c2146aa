import { grouped, HOUR, MINUTE } from '@postern/core/engine'
import type { Bucket } from '@postern/core/inbox'
import { countBuckets, sumOf, type Counted } from '../span.ts'

/** More rejections than usual: a sender or a setting has changed. */
export interface Burst {
  readonly receiver: string
  readonly code: string
  /** Rejections of the last six hours. */
  readonly count: number
  /** The minute of the first one, in milliseconds since 1970. It does not change while the burst continues. */
  readonly since: number
  /** The end of the minute of the last one, at most now. */
  readonly last: number
  /** True if no rejection came for an hour, and for three times its longest gap. */
  readonly isOver: boolean
}

// Rejections that any stranger can cause.
const STRANGERS: ReadonlySet<string> = new Set([
  'missing_header',
  'malformed_header',
  'unknown_sender',
])
const RECENT = 6
const LEAST = 5
const TIMES = 3

/** True for a rejection that says nothing about the app. */
export function isStranger(code: string): boolean {
  return STRANGERS.has(code)
}

/** When the rejections that `burstsOf` judges start, in milliseconds since 1970: a whole minute. */
export function recentFrom(now: number): number {
  return now - (now % MINUTE) - RECENT * HOUR
}

/**
 * Finds bursts in the last six hours, by code and minute: at least 5 rejections in an hour, and three times the median
 * hour of the week before.
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
 * Returns the first minute of a burst: from there on, no gap is longer than an hour. If the burst is older than six
 * hours, it uses the hours of the week.
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

/** Returns the time of the last rejection, and whether the burst has ended. */
function endOf(buckets: readonly Counted[], now: number): Pick<Burst, 'last' | 'isOver'> {
  const minutes = buckets.map(({ from }) => from).toSorted((one, other) => one - other)
  const gaps = minutes.slice(1).map((from, at) => from - minutes[at]!)
  const last = Math.min(now, minutes.at(-1)! + MINUTE)
  return { last, isOver: now - last > Math.max(HOUR, 3 * Math.max(0, ...gaps)) }
}

/** The median of that many hours, most of which may have had nothing. */
function median(counts: readonly number[], hours: number): number {
  const empty = Math.max(0, hours - counts.length)
  const place = Math.floor((empty + counts.length) / 2) - empty
  return place < 0 ? 0 : (counts.toSorted((one, other) => one - other)[place] ?? 0)
}
