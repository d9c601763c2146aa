import { grouped, type Bucket, type LaneStats } from '@postern/core/inbox'
import type { HealthReply } from '../api/health.ts'
import {
  countBuckets,
  countsPerStep,
  quantileOf,
  sumOf,
  type Counted,
  type TimeSpan,
} from '../span.ts'

/** Runs by subscription. Subscriptions that ran nothing in the span are listed too. */
export function handlersOf(
  span: TimeSpan,
  runs: readonly Bucket[],
  lanes: readonly LaneStats[],
): HealthReply['handlers'] {
  const nameOf = (one: { readonly receiver: string; readonly subscription?: string }): string =>
    JSON.stringify([one.receiver, one.subscription ?? ''])
  const ran = grouped(countBuckets(runs), nameOf)
  const dead = new Map(lanes.map((lane) => [nameOf(lane), lane.counts.dead]))
  const names = [...new Set([...dead.keys(), ...ran.keys()])]
  // `shop-2` stands before `shop-10`.
  const { compare } = new Intl.Collator('en', { numeric: true })
  return names.sort(compare).map((name) => {
    const [receiver, subscription] = JSON.parse(name) as [string, string]
    const buckets = ran.get(name) ?? []
    const ended = of(buckets, ['done', 'dead'])
    const timed = of(buckets, ['done', 'dead', 'retry', 'postpone'])
    return {
      receiver,
      subscription,
      runs: sumOf(buckets),
      failed: sumOf(of(buckets, ['retry', 'dead'])),
      dead: dead.get(name) ?? 0,
      p50: quantileOf(timed, 0.5),
      p99: quantileOf(timed, 0.99),
      attempts: ended.length === 0 ? undefined : sumOf(buckets) / sumOf(ended),
      spark: countsPerStep(span, buckets),
    }
  })
}

function of(buckets: readonly Counted[], outcomes: readonly string[]): readonly Counted[] {
  return buckets.filter(({ value }) => outcomes.includes(value))
}
