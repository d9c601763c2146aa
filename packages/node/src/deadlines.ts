import { setTimeout } from 'node:timers'

interface Deadline {
  readonly at: number
  readonly late: () => void
}

interface Deadlines {
  readonly start: (late: () => void) => Deadline
  readonly drop: (deadline: Deadline) => void
}

/**
 * Creates deadlines that end after `time` milliseconds. They share one timer: a timer for each costs more than reading
 * a body.
 */
export function createDeadlines(time: number): Deadlines {
  // In the order of their ends, because all last equally long.
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
    // The open connection already keeps the process alive.
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
