import { HOUR, type Cause, type LaneStats } from '@postern/core/inbox'
import type { HealthReply, Thing } from '../api/health.ts'
import { countsPerStep, grouped, type Counted, type TimeSpan } from '../span.ts'

export type DeadThing = Extract<Thing, { readonly kind: 'dead' }>

/** Causes that are shown, and subscriptions of one. */
export const SHOWN = 8
const LANES = 6
const TIMES = 3

/** Dead tasks by cause, over all receivers and subscriptions: those that go on first, then the most tasks. */
export function deadThings(
  causes: readonly Cause[],
  { failures, week, span, at }: DeadContext,
): readonly DeadThing[] {
  const groups = grouped(
    causes.filter(({ dead }) => dead > 0),
    ({ cause }) => cause,
  )
  return inOrder(
    [...groups].map(([cause, rows]) => {
      const failed = failures.filter(({ value }) => value === cause)
      const times = [...week, ...failures].filter(({ value }) => value === cause)
      const last = lastOf([...rows.map((row) => row.last), ...times.map(({ from }) => from)])
      const { name, message } = rows[0]!.sample
      const waiting = causes.filter((row) => row.cause === cause)
      return {
        kind: 'dead',
        cause,
        error: { name, message: message.slice(0, 2000) },
        ...lanesOf(rows),
        count: rows.reduce((sum, { dead }) => sum + dead, 0),
        retrying: waiting.reduce((sum, { retrying }) => sum + retrying, 0),
        since: Math.min(...rows.map(({ first }) => first)),
        last,
        isOver: isCauseOver(times, last, at),
        spark: countsPerStep(span, failed),
      }
    }),
  )
}

/** What {@link deadThings} judges by. */
export interface DeadContext {
  /** Runs that failed, by cause, of the range and of the week. */
  readonly failures: readonly Counted[]
  readonly week: readonly Counted[]
  readonly span: TimeSpan
  /** Now, in milliseconds since 1970. */
  readonly at: number
}

/** What goes on comes first, then the most tasks. */
export function inOrder(things: readonly DeadThing[]): readonly DeadThing[] {
  return things.toSorted(
    (one, other) => Number(one.isOver) - Number(other.isOver) || other.count - one.count,
  )
}

function lanesOf(rows: readonly Cause[]): Pick<DeadThing, 'lanes' | 'moreLanes'> {
  const lanes = rows.map(({ receiver, subscription, dead }) => ({ receiver, subscription, dead }))
  return { lanes: lanes.slice(0, LANES), moreLanes: Math.max(0, lanes.length - LANES) }
}

function lastOf(times: readonly number[]): number {
  return times.reduce((last, time) => Math.max(last, time), 0)
}

/** True if nothing failed for the longer of an hour and three times the longest gap between failures. */
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

/** What the rows that are shown leave out: the numbers are the inbox's own, since its answer was cut. */
export function moreOf(
  shown: readonly DeadThing[],
  causes: readonly Cause[],
  lanes: readonly LaneStats[],
): HealthReply['more'] {
  const dead = lanes.reduce((sum, { counts }) => sum + counts.dead, 0)
  const left = dead - shown.reduce((sum, { count }) => sum + count, 0)
  if (left <= 0) return { causes: 0, dead: 0 }
  const among = causes[0]?.among ?? 0
  const withDead = new Set(causes.flatMap((row) => (row.dead > 0 ? row.cause : [])))
  const retrying = new Set(causes.flatMap((row) => (withDead.has(row.cause) ? [] : row.cause)))
  return { causes: Math.max(1, among - retrying.size - shown.length), dead: left }
}
