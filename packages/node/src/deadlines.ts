import { setTimeout } from 'node:timers'

interface Deadline {
  readonly at: number
  readonly late: () => void
}

interface Deadlines {
  readonly start: (late: () => void) => Deadline
  readonly drop: (deadline: Deadline) => void
}

/** Creates deadlines with one shared timer: a timer per request would cost more than reading its body. */
export function createDeadlines(time: number): Deadlines {
  // Deadlines in the order in which they end. This is also the order in which they start, because all have the same
  // duration.
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
    // The timer need not keep the process alive, since the open connection does.
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
