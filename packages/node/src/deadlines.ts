import { setTimeout } from 'node:timers'

/** One deadline. */
interface Deadline {
  readonly at: number
  readonly late: () => void
}

/** Deadlines that all lie the same time ahead. */
interface Deadlines {
  /** Calls `late` when the time is over, unless the deadline is dropped before. */
  readonly start: (late: () => void) => Deadline
  readonly drop: (deadline: Deadline) => void
}

/** Makes deadlines `time` milliseconds ahead, on one timer for all: a timer for each costs more than reading a body. */
export function createDeadlines(time: number): Deadlines {
  // In the order in which they end, since all are given the same time.
  const open = new Set<Deadline>()
  let armed = false
  return {
    start(late) {
      const deadline = { at: performance.now() + time, late }
      open.add(deadline)
      if (!armed) arm(time)
      return deadline
    },
    drop: (deadline) => void open.delete(deadline),
  }

  function arm(wait: number): void {
    armed = true
    // The open connection keeps the process alive by itself.
    setTimeout(check, Math.ceil(wait)).unref()
  }

  function check(): void {
    armed = false
    const now = performance.now()
    for (const deadline of open) {
      if (deadline.at > now) return arm(deadline.at - now)
      open.delete(deadline)
      deadline.late()
    }
  }
}
