import type { Claimed, Slot } from './lanes.ts'

/** Starts what is claimed, in turns of the event loop. */
export interface Starter {
  /** In the next turn, so that no handler delays a reply. */
  schedule(): void
  /** Starts the next of a slot where an asynchronous handler has ended, without waiting for a turn. */
  refill(slot: Slot): void
}

// How long one turn of the event loop may start tasks, in milliseconds, so that synchronous handlers leave room for
// requests.
const TURN = 4

/** Makes it. `run` starts one task. */
export function createStarter(slots: () => readonly Slot[], run: (task: Claimed) => void): Starter {
  let scheduled = false
  let turning = false

  return {
    schedule,
    refill(slot) {
      if (turning) return
      turning = true
      while (canStart(slot)) run(slot.queue.shift()!)
      turning = false
    },
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    scheduled = false
    turning = true
    const until = performance.now() + TURN
    let more = true
    while (more && performance.now() < until) {
      more = false
      for (const slot of slots()) {
        if (!canStart(slot)) continue
        run(slot.queue.shift()!)
        more = true
      }
    }
    turning = false
    if (slots().some(canStart)) schedule()
  }
}

function canStart(slot: Slot): boolean {
  return slot.queue.length > 0 && slot.running < slot.lane.concurrency
}
