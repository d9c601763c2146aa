import { HOUR, MINUTE, deploysOf } from '@postern/core/engine'
import type { Bucket, Deploy, Inbox } from '@postern/core/inbox'
import { createAnswerCache } from '../kept.ts'
import { countBuckets, type Counted } from '../span.ts'

/** Numbers of the last week, which show what is usual. */
export interface Week {
  /** Number of rejections per hour, by code. */
  readonly codes: readonly Bucket[]
  /** Number of verified deliveries per ten minutes. */
  readonly verified: readonly Bucket[]
  /** Number of failed runs per ten minutes, by cause. */
  readonly failures: readonly Counted[]
  /** Receivers and topics of deliveries that no subscription matches, newest first. */
  readonly unhandled: readonly (readonly [receiver: string, topic: string])[]
  /** Versions of the app, each with the time when a receiver first ran with it. */
  readonly deploys: readonly Deploy[]
}

const GENUINE: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'unhandled'])
const UNHANDLED = 200

/**
 * Makes the function that reads the last week. Its answer is kept for five minutes for all viewers, since reading the
 * counts of thousands of minutes is slow.
 */
export function createWeek(now: () => number): (inbox: Inbox) => Promise<Week> {
  const kept = createAnswerCache({ ms: 5 * MINUTE }, now)
  return (inbox) => kept.of('', () => read(inbox, now()))
}

async function read({ journal, records }: Inbox, now: number): Promise<Week> {
  const deploys = records ? await deploysOf(records) : []
  if (!journal) return { codes: [], verified: [], failures: [], unhandled: [], deploys }
  const range = { from: now - 168 * HOUR, to: now + 1 }
  const [codes, outcomes, failures, unhandled] = await Promise.all([
    journal.history({ ...range, step: HOUR, kind: 'delivery', by: 'code' }),
    journal.history({ ...range, step: 10 * MINUTE, kind: 'delivery', by: 'outcome' }),
    journal.history({ ...range, step: 10 * MINUTE, kind: 'attempt', by: 'cause' }),
    journal.deliveries({ outcome: 'unhandled', since: range.from, limit: UNHANDLED }),
  ])
  return {
    codes,
    verified: outcomes.filter((bucket) => 'value' in bucket && GENUINE.has(bucket.value)),
    failures: countBuckets(failures),
    unhandled: unhandled.rows.flatMap(({ receiver, topics }) =>
      topics.map((topic) => [receiver, topic] as const),
    ),
    deploys,
  }
}

interface Rhythm {
  /** The longest time without a delivery, in milliseconds. */
  readonly longest: number
  /** The average time between two deliveries, in milliseconds. */
  readonly usually: number
}

// Minimum number of steps with a delivery. With fewer, no gap can be called usual.
const LEAST = 5
const TIMES = 3

/** Returns the gaps between deliveries, from counts per step. Undefined after too few deliveries. */
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
 * Returns true if the last delivery came more than `limit` milliseconds ago. If the receiver has no limit, the limit is
 * three times the longest gap of its last week, but at least an hour. Older history has only hourly counts.
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
