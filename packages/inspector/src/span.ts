import { MINUTE, type Histogram, addHistograms, quantile } from '@postern/core/engine'
import type { Bucket } from '@postern/core/inbox'
import type { ChartRange, Values } from './api/charts.ts'
import { ApiProblem } from './replies.ts'

/**
 * A range of time, divided into steps. Steps start at whole multiples of their width, so that each poll has the same
 * steps. Times are in milliseconds.
 */
export interface TimeSpan {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly steps: number
}

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const RANGES: Readonly<Record<ChartRange, readonly [length: number, step: number]>> = {
  '15m': [15 * MINUTE, MINUTE],
  '1h': [HOUR, MINUTE],
  '6h': [6 * HOUR, 5 * MINUTE],
  '24h': [DAY, 15 * MINUTE],
  '7d': [7 * DAY, 2 * HOUR],
  '30d': [30 * DAY, 6 * HOUR],
}

/** Returns the span of a range that ends now. Throws an {@link ApiProblem} for an unknown range. */
export function spanOf(range: string | null, now: number): TimeSpan {
  const name = range ?? '24h'
  if (!Object.hasOwn(RANGES, name))
    throw new ApiProblem(400, 'range', `range must be one of ${Object.keys(RANGES).join(', ')}`)
  const [length, step] = RANGES[name as ChartRange]
  const last = now - (now % step)
  return { from: last + step - length, to: now + 1, step, steps: length / step }
}

/** Returns the index of the step that contains a time; a negative number before the span. */
function stepOf({ from, step, steps }: TimeSpan, at: number): number {
  return Math.min(Math.floor((at - from) / step), steps - 1)
}

/** Computes one value per step from the buckets in that step; null for a step without buckets. */
export function perStep<B extends { readonly from: number }>(
  span: TimeSpan,
  buckets: readonly B[],
  value: (buckets: readonly B[]) => number | undefined,
): Values {
  const steps: B[][] = Array.from({ length: span.steps }, () => [])
  for (const bucket of buckets) steps[stepOf(span, bucket.from)]?.push(bucket)
  return steps.map((all) => (all.length === 0 ? null : (value(all) ?? null)))
}

/** Returns the count of each step; 0 for a step without buckets. */
export function countsPerStep(span: TimeSpan, buckets: readonly Counted[]): readonly number[] {
  return perStep(span, buckets, sumOf).map((count) => count ?? 0)
}

/** A bucket of the history that has a count. Other buckets have a gauge. */
export type Counted = Extract<Bucket, { readonly count: number }>

export function countBuckets(buckets: readonly Bucket[]): readonly Counted[] {
  return buckets.filter((bucket): bucket is Counted => 'count' in bucket)
}

export function sumOf(buckets: readonly { readonly count: number }[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0)
}

/** Returns a quantile of the durations, in milliseconds. */
export function quantileOf(
  buckets: readonly { readonly histogram: Histogram }[],
  share: number,
): number | undefined {
  const found = quantile(addHistograms(buckets.map(({ histogram }) => histogram)), share)
  return found === undefined ? undefined : found / 1000
}
