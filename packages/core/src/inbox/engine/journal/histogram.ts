/** Counts of durations by bucket: log2 of microseconds with four sub-buckets, those above 0, in ascending order. */
export type Histogram = readonly (readonly [bucket: number, count: number])[]

// Below this each microsecond has a bucket of its own.
const FINE = 4

/** The bucket of a duration in whole microseconds. */
export function bucketOf(microseconds: number): number {
  if (!(microseconds >= FINE)) return microseconds >= 1 ? Math.floor(microseconds) : 0
  const power =
    microseconds < 2 ** 31
      ? 31 - Math.clz32(microseconds)
      : Math.min(52, Math.floor(Math.log2(microseconds)))
  return (power - 1) * FINE + (Math.floor(microseconds / 2 ** (power - 2)) % FINE)
}

/** The middle of a bucket in microseconds: what fell into it is at most an eighth off. */
export function bucketMiddle(bucket: number): number {
  if (bucket < FINE) return bucket
  const width = 2 ** (Math.floor(bucket / FINE) - 1)
  return (FINE + (bucket % FINE)) * width + width / 2
}

/** Adds histograms. */
export function addHistograms(all: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>()
  for (const histogram of all)
    for (const [bucket, count] of histogram) counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  return [...counts].sort(([a], [b]) => a - b)
}

/** The duration, in microseconds, below which that share of a histogram lies (0.5 is the median); undefined if it is empty. */
export function quantile(histogram: Histogram, share: number): number | undefined {
  const total = histogram.reduce((sum, [, count]) => sum + count, 0)
  let left = Math.max(1, Math.ceil(total * share))
  for (const [bucket, count] of histogram) {
    left -= count
    if (left <= 0) return bucketMiddle(bucket)
  }
  return undefined
}
