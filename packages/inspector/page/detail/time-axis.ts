import type { DetailTask } from '../../src/api/detail.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../words/duration.ts'

/** A span of time that starts with the request. */
export interface AxisSpan {
  readonly end: number
  /** Returns the position of a time, from 0 to 1. */
  at(ms: number): number
}

/** Returns the span that contains the reply, all runs and the next run. */
export function axisSpan(start: number, took = 0, tasks: readonly DetailTask[]): AxisSpan {
  const ends = tasks.flatMap(({ runs, due, state }) => [
    ...runs.map((run) => run.startedAt + (run.duration ?? 0) - start),
    ...(state === 'pending' && due !== undefined ? [due - start] : []),
  ])
  const end = Math.max(10, took, ...ends)
  const whole = Math.log10(1 + end)
  return { end, at: (ms) => Math.min(1, Math.max(0, Math.log10(1 + Math.max(0, ms)) / whole)) }
}

const MARKS = [1, 10, 100, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY]

/** Returns the times on the axis, at least as far apart as their labels are wide. */
export function ticksOf(span: AxisSpan): readonly number[] {
  const ticks = [0]
  for (const mark of MARKS)
    if (span.at(mark) - span.at(ticks.at(-1)!) >= 0.2 && span.at(mark) < 0.9 && mark < span.end)
      ticks.push(mark)
  return ticks
}
