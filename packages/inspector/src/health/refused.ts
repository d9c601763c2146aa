import { HOUR, type Bucket } from '@postern/core/inbox'
import { countBuckets, grouped, sumOf, type Counted } from '../span.ts'

/** Refusals that are more than usual: a sender or a setting has changed. */
export interface Burst {
  readonly receiver: string
  readonly code: string
  /** Refusals of the last six hours. */
  readonly count: number
  /** Start of the first hour that had too many, in milliseconds since 1970. */
  readonly since: number
}

// What strangers make, whoever they are.
const STRANGERS: ReadonlySet<string> = new Set([
  'missing_header',
  'malformed_header',
  'unknown_sender',
])
const RECENT = 6
const LEAST = 5
const TIMES = 3

/** True for a refusal that says nothing about the app. */
export function isStranger(code: string): boolean {
  return STRANGERS.has(code)
}

/** When the refusals that `burstsOf` judges begin, in milliseconds since 1970. */
export function recentFrom(now: number): number {
  return now - RECENT * HOUR
}

/**
 * Bursts among the refusals of the last six hours, given by code in steps of an hour: at least 5 in an hour, and three
 * times the median hour of the week before.
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
    const counts = (usual.get(name) ?? []).map(({ count }) => count)
    const least = Math.max(LEAST, TIMES * median(counts, hours))
    const high = buckets.filter(({ count }) => count >= least)
    if (high.length > 0)
      bursts.push({ receiver, code, count: sumOf(buckets), since: high[0]!.from })
  }
  return bursts
}

/** The median of that many hours, most of which may have had nothing. */
function median(counts: readonly number[], hours: number): number {
  const empty = Math.max(0, hours - counts.length)
  const place = Math.floor((empty + counts.length) / 2) - empty
  return place < 0 ? 0 : (counts.toSorted((one, other) => one - other)[place] ?? 0)
}
