import { HOUR, type Bucket } from '@postern/core/inbox'

/** How a receiver's week went. */
interface Rhythm {
  /** The longest time without a delivery, in milliseconds. */
  readonly longest: number
  /** Milliseconds between deliveries, on average. */
  readonly usually: number
}

// With fewer steps that had a delivery, a week has no rhythm.
const LEAST = 5
const TIMES = 3

/** The rhythm of deliveries by step, oldest first; undefined if there were too few. */
export function rhythmOf(buckets: readonly Bucket[]): Rhythm | undefined {
  const times = [...new Set(buckets.map(({ from }) => from))].sort((one, other) => one - other)
  if (times.length < LEAST) return undefined
  let longest = 0
  for (let place = 1; place < times.length; place++)
    longest = Math.max(longest, times[place]! - times[place - 1]!)
  const count = buckets.reduce((sum, bucket) => sum + ('count' in bucket ? bucket.count : 0), 0)
  return { longest, usually: (times.at(-1)! - times[0]!) / Math.max(1, count - 1) }
}

/**
 * True if a receiver is silent: past its own limit, else past three times the longest gap of its week, and for an hour
 * at least, since older history is known by the hour.
 */
export function isSilent(
  now: number,
  last: number,
  limit: number | undefined,
  rhythm: Rhythm | undefined,
): boolean {
  if (limit !== undefined) return now - last > limit
  return rhythm !== undefined && now - last > Math.max(HOUR, TIMES * rhythm.longest)
}
