/**
 * How fast tasks end while an inbox is full, for its `Retry-After`. It is measured by what this process stored and by
 * how many tasks are pending at its refusals, so that it holds too if other processes run the tasks.
 */
export interface Pace {
  /** Tasks that this process stored; negative if some were not stored after all. */
  added(tasks: number): void
  /** To be told at each refusal how many tasks of the receiver are pending. */
  refused(pending: number): void
  /** Seconds until a tenth of the room is free if `held` tasks fill it, between 5 and 300; 5 before any pace is known. */
  secondsFor(held: number, room: number): number
}

const LEAST = 5
const MOST = 300
// A share of the room that is to be free before a sender comes again.
const FREE = 0.1
// Milliseconds over which a pace is measured: at least, and at most. In a longer time the inbox may have been idle.
const SPAN = 1000
const LONG = 60_000

/**
 * Makes a {@link Pace}. `now` gives milliseconds since 1970.
 *
 * @example
 * const pace = createPace(() => consumer.now())
 * pace.refused(pending)
 * const facts = { problem: 'full', option: 'maxPending', limit: maxPending, got: pending, expected: 'tasks' } as const
 * throw new WebhookError('inbox_full', facts, { retryAfter: pace.secondsFor(pending, maxPending) })
 */
export function createPace(now: () => number): Pace {
  let added = 0
  let before: { readonly pending: number; readonly at: number } | undefined
  // Tasks a millisecond.
  let rate: number | undefined

  return {
    added: (tasks) => void (added += tasks),
    refused(pending) {
      const at = now()
      if (before === undefined) return begin(pending, at)
      const time = at - before.at
      if (time < SPAN) return
      const ended = before.pending + added - pending
      if (ended <= 0) {
        // Slower than one task in this time. The measurement goes on, since tasks may take longer.
        rate = Math.min(rate ?? Infinity, 1 / time)
        return
      }
      const measured = ended / time
      rate = time > LONG ? Math.max(rate ?? 0, measured) : measured
      begin(pending, at)
    },
    secondsFor(held, room) {
      if (rate === undefined) return LEAST
      const tasks = Math.max(held - (1 - FREE) * room, FREE * room)
      return Math.min(MOST, Math.max(LEAST, Math.ceil(tasks / rate / 1000)))
    },
  }

  function begin(pending: number, at: number): void {
    before = { pending, at }
    added = 0
  }
}
