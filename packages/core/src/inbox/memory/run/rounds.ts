import { claimedRoom } from '../../../basics/room.ts'
import { afterReply, inNextRound } from './after-reply.ts'
import { canRun, type LaneQueue } from './lane.ts'
import type { MemoryTask } from './task.ts'

/** Gives lanes their turns: each round of the event loop starts some tasks of each lane. */
interface Rounds {
  /**
   * Gives the lane a turn if it can use one: in the next round, or, if `soon`, right after the reply to the current request.
   */
  offer(lane: LaneQueue, soon?: boolean): void
  /** True if a task may run and memory has room for it. */
  mayRun(lane: LaneQueue): boolean
  /** Begins to start tasks. */
  work(): void
  /** Takes a turn of its own for a request whose end may have cancelled the one that was due. */
  wake(): void
  /** True once {@link work} was called, until {@link stop}. */
  works(): boolean
  /** Starts nothing any more. */
  stop(): void
}

// How many tasks one turn of the event loop starts, so that synchronous handlers leave room for requests.
const TURN = 64
// Milliseconds for which a task may hold the thread when it starts, for others to start right after the reply.
const QUICK = 0.1
// A collection or a neighbour makes one turn slow now and then. Only handlers make this many slow in a row.
const SLOW_TURNS = 2

/** Makes the rounds over lanes. `start` runs a task. */
export function createRounds(
  lanes: () => Iterable<LaneQueue>,
  start: (task: MemoryTask) => void,
): Rounds {
  let due: LaneQueue[] = []
  let scheduled = false
  let slowTurns = 0
  let working = false

  return {
    offer,
    mayRun,
    work() {
      working = true
      schedule()
    },
    // Workers cancel the timers of a request when it ends, so that a scheduled turn may never come.
    wake() {
      scheduled = false
      schedule()
    },
    works: () => working,
    stop: () => void (working = false),
  }

  /** Gives the lane a turn if it can use one. */
  function offer(lane: LaneQueue, soon = false): void {
    if (lane.due || !mayRun(lane)) return
    lane.due = true
    due.push(lane)
    schedule(soon && slowTurns < SLOW_TURNS ? afterReply : inNextRound)
  }

  function schedule(when = inNextRound): void {
    if (scheduled || !working || due.length === 0) return
    scheduled = true
    when(turn)
  }

  function turn(): void {
    const began = performance.now()
    let started = 0
    const now = due
    due = []
    // A share for each lane: one that is never empty must not keep the others waiting.
    const share = Math.max(1, Math.floor(TURN / now.length))
    for (const lane of now) {
      for (let left = share; left > 0 && working && mayRun(lane); left--) {
        lane.running++
        started++
        start(lane.queue.shift()!)
      }
      lane.due = false
      // The rest runs after pending requests.
      offer(lane)
    }
    slowTurns = performance.now() - began <= QUICK * started ? 0 : slowTurns + 1
    scheduled = false
    schedule()
  }

  /** True if a task may run and memory has room for it. A lane that runs none has: none waits for the handlers of another. */
  function mayRun(lane: LaneQueue): boolean {
    if (!canRun(lane)) return false
    if (lane.running === 0 || claimedRoom.fits(lane.weight)) return true
    claimedRoom.freed(offerAll)
    return false
  }

  function offerAll(): void {
    for (const lane of lanes()) offer(lane)
  }
}
