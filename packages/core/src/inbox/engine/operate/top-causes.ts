import { grouped } from '../../../basics/maybe.ts'
import type { Cause, CauseSubscription } from '../../view.ts'

/** Maximum number of causes (error groups) in each of the two lists of {@link topCauses}. */
const MOST_CAUSES = 50
/** Maximum number of subscriptions that are listed for a cause. */
const MOST_LANES = 8

/** Numbers of failed tasks with one cause and subscription. */
export type CauseGroup = Pick<Cause, 'cause' | 'dead' | 'retrying' | 'first' | 'last'>

/** Totals of a cause over all its subscriptions. */
export interface CauseTotals extends Pick<
  Cause,
  'first' | 'last' | 'subscriptionCount' | 'among' | 'amongDead'
> {
  readonly allDead: number
  readonly allRetrying: number
}

/**
 * Returns the rows for `InboxView.causes`: the 50 causes with the most dead tasks, and the 50 causes with the newest
 * events. The second list prefers causes with dead tasks. For each cause, returns the 8 subscriptions with the most
 * failed tasks. SQLite computes the same rows in a query.
 *
 * @example
 * const causes = toCauses(topCauses(groups))
 */
export function topCauses<Group extends CauseGroup>(
  groups: readonly Group[],
): readonly (Group & CauseTotals)[] {
  const whole = [...grouped(groups, ({ cause }) => cause)].map(([cause, lanes]) => ({
    cause,
    lanes,
    dead: sum(lanes.map(({ dead }) => dead)),
    retrying: sum(lanes.map(({ retrying }) => retrying)),
    first: Math.min(...lanes.map(({ first }) => first)),
    last: Math.max(...lanes.map(({ last }) => last)),
  }))
  const byLast = whole
    .toSorted(
      (one, other) =>
        Number(other.dead > 0) - Number(one.dead > 0) ||
        other.last - one.last ||
        (one.cause < other.cause ? -1 : 1),
    )
    .slice(0, MOST_CAUSES)
  const amongDead = whole.filter(({ dead }) => dead > 0).length
  return whole
    .toSorted((one, other) => more(one, other) || (one.cause < other.cause ? -1 : 1))
    .filter((one, place) => place < MOST_CAUSES || byLast.includes(one))
    .flatMap(({ lanes, dead: allDead, retrying: allRetrying, first, last }) => {
      const totals = { allDead, allRetrying, first, last, subscriptionCount: lanes.length }
      return lanes
        .toSorted(more)
        .slice(0, MOST_LANES)
        .map((lane) => ({ ...lane, ...totals, among: whole.length, amongDead }))
    })
}

/**
 * Converts rows to causes. The rows must be in the order of {@link topCauses}, since the sample of a cause comes from
 * its first row.
 */
export function toCauses(
  rows: readonly (CauseSubscription & CauseTotals & Pick<Cause, 'cause' | 'sample' | 'ofNewest'>)[],
): readonly Cause[] {
  return [...grouped(rows, ({ cause }) => cause)].map(([cause, lanes]) => {
    const one = lanes[0]!
    return {
      cause,
      sample: one.sample,
      dead: one.allDead,
      retrying: one.allRetrying,
      first: one.first,
      last: one.last,
      subscriptions: lanes.map(({ receiver, subscription, dead, retrying }) => ({
        receiver,
        subscription,
        dead,
        retrying,
      })),
      subscriptionCount: one.subscriptionCount,
      among: one.among,
      amongDead: one.amongDead,
      ...(one.ofNewest !== undefined && { ofNewest: one.ofNewest }),
    }
  })
}

type Counts = Pick<CauseGroup, 'dead' | 'retrying'>

function more(one: Counts, other: Counts): number {
  return other.dead - one.dead || other.retrying - one.retrying
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0)
}
