/**
 * A step ahead of a store's clock that no monotonic clock saw: the machine's clock was set, or nobody was there. Nothing
 * ages by it but what is believed.
 */
export interface ClockStep {
  /** The clock after it. */
  readonly at: number
  /** Milliseconds of it by which nothing ages. */
  readonly unseen: number
  /** The same for guards: they age by nothing that no process has seen. */
  readonly unseenByGuards: number
}

/**
 * The time on a store's clock from which on something has aged by a span, with the steps of the clock left out.
 *
 * @example
 * const known = ago(now, days(4), steps, 'unseen')
 */
export function ago(
  now: number,
  span: number,
  steps: readonly ClockStep[],
  which: 'unseen' | 'unseenByGuards',
): number {
  let at = now
  let left = span
  for (const step of steps.toSorted((one, other) => other.at - one.at)) {
    const since = Math.max(0, at - step.at)
    if (since >= left) break
    left -= since
    at = Math.min(at, step.at) - step[which]
  }
  return at - left
}
