import { HOUR } from '@postern/core/engine'
import type { Cause, SubscriptionStats } from '@postern/core/inbox'
import type { HealthReply, Thing } from '../api/health.ts'
import { countsPerStep, type Counted, type TimeSpan } from '../span.ts'

export type DeadThing = Extract<Thing, { readonly kind: 'dead' }>

/** Maximum number of causes to show, and of subscriptions per cause. */
export const SHOWN = 8
const LANES = 6
const TIMES = 3

/**
 * Returns one issue per cause of dead tasks, over all receivers and subscriptions. A cause is a hash that groups equal
 * errors. Causes that continue come first, then those with the most tasks.
 */
export function deadThings(
  causes: readonly Cause[],
  { failures, week, span, at }: DeadContext,
): readonly DeadThing[] {
  return inOrder(
    causes
      .filter(({ dead }) => dead > 0)
      .map(({ cause, sample, dead, retrying, first, last: received, ...where }) => {
        const failed = failures.filter(({ value }) => value === cause)
        const times = [...week, ...failures].filter(({ value }) => value === cause)
        const last = lastOf([received, ...times.map(({ from }) => from)])
        const withDead = where.subscriptions.filter((one) => one.dead > 0)
        const shown = withDead.slice(0, LANES)
        // The inbox lists the subscriptions with the most dead tasks first. If the last ones listed have no dead tasks,
        // no subscription with dead tasks is missing in the list.
        const all =
          withDead.length < where.subscriptions.length ? withDead.length : where.subscriptionCount
        return {
          kind: 'dead',
          cause,
          error: { name: sample.name, message: sample.message.slice(0, 2000) },
          subscriptions: shown.map(({ receiver, subscription, dead: own }) => ({
            receiver,
            subscription,
            dead: own,
          })),
          moreSubscriptions: all - shown.length,
          count: dead,
          retrying,
          since: first,
          last,
          isOver: isCauseOver(times, last, at),
          spark: countsPerStep(span, failed),
        }
      }),
  )
}

interface DeadContext {
  /** Number of failed runs by cause: `failures` in the range, `week` in the last week. */
  readonly failures: readonly Counted[]
  readonly week: readonly Counted[]
  readonly span: TimeSpan
  /** Now, in milliseconds since 1970. */
  readonly at: number
}

/** Sorts issues: first those that continue, then those with the most tasks, then the newest. */
export function inOrder(things: readonly DeadThing[]): readonly DeadThing[] {
  return things.toSorted(
    (one, other) =>
      Number(one.isOver) - Number(other.isOver) || other.count - one.count || other.last - one.last,
  )
}

function lastOf(times: readonly number[]): number {
  return times.reduce((last, time) => Math.max(last, time), 0)
}

/**
 * Returns true if the last failure is more than an hour ago, and also more than three times the longest gap between two
 * failures.
 */
export function isCauseOver(
  failed: readonly { readonly from: number }[],
  last: number,
  now: number,
): boolean {
  const times = failed.map(({ from }) => from).toSorted((one, other) => one - other)
  let longest = 0
  for (let place = 1; place < times.length; place++)
    longest = Math.max(longest, times[place]! - times[place - 1]!)
  return now - last > Math.max(HOUR, TIMES * longest)
}

/** Counts the causes and the dead tasks that are missing in the shown rows. */
export function moreOf(
  shown: readonly DeadThing[],
  causes: readonly Cause[],
  lanes: readonly SubscriptionStats[],
): HealthReply['more'] {
  const dead = lanes.reduce((sum, { counts }) => sum + counts.dead, 0)
  const left = Math.max(0, dead - shown.reduce((sum, { count }) => sum + count, 0))
  const more = Math.max(0, (causes[0]?.amongDead ?? 0) - shown.length)
  const ofNewest = causes[0]?.ofNewest
  // The inbox has read only some of the tasks: the causes of the others are unknown.
  if (ofNewest !== undefined) return { causes: more, dead: left, ofNewest }
  // If dead tasks are missing in the rows, at least one cause is missing too. `more` can be 0 if a task died between
  // the two queries.
  return { causes: left > 0 ? Math.max(1, more) : 0, dead: left }
}
