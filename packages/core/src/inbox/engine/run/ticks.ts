import { canStart, type Slot } from './slot.ts'
import { afterReplies, soon } from '../../../basics/deadline.ts'

/** Starts claimed tasks in turns of the event loop, so that no handler delays a reply. */
interface Ticks<Task> {
  /** Gives a slot its share of the next turn. */
  readonly offer: (slot: Slot<Task>) => void
  /** Starts what a slot has room for, without waiting for a turn. Nothing inside a turn, which goes on by itself. */
  readonly refill: (slot: Slot<Task>) => void
  /** Takes another turn: the one that was due may never come. */
  readonly wake: () => void
}

/** The argument of {@link createTicks}. */
interface TicksParts<Task> {
  /** Called before a turn or a refill starts its first task. */
  readonly begin: () => void
  /** Starts a task that was taken from its slot's queue. */
  readonly run: (task: Task) => void
  /** Milliseconds of a clock that never goes back. @default performance.now() */
  readonly now?: () => number
  /** Tasks that came start right after the replies, while handlers are quick. @default in the event loop's next round */
  readonly early?: boolean
}

// Milliseconds for which one turn may start tasks, so that synchronous handlers leave room for requests.
const TURN = 4
// A turn that takes more milliseconds is slow. A collection or a neighbour makes one slow now and then: only handlers make two in
// a row slow, and then others wait until all requests of a round have their replies.
const QUICK = 1
const SLOW_TURNS = 2

/** Makes the turns. */
export function createTicks<Task>({
  begin,
  run,
  now = () => performance.now(),
  early = false,
}: TicksParts<Task>): Ticks<Task> {
  // Only slots with tasks: a receiver may have thousands of subscriptions.
  let due: Slot<Task>[] = []
  let scheduled = false
  let turning = false
  let slowTurns = 0

  return {
    offer(slot) {
      if (!slot.due) {
        slot.due = true
        due.push(slot)
      }
      // Objects of a task that runs at once die young: a third less CPU at 100 KB.
      schedule(early && slowTurns < SLOW_TURNS ? afterReplies : soon)
    },
    refill(slot) {
      if (turning || !canStart(slot)) return
      turning = true
      begin()
      while (canStart(slot)) run(slot.queue.shift()!)
      turning = false
    },
    wake() {
      scheduled = false
      schedule()
    },
  }

  function schedule(when = soon): void {
    if (scheduled || due.length === 0) return
    scheduled = true
    when(turn)
  }

  function turn(): void {
    scheduled = false
    turning = true
    begin()
    const began = now()
    const until = began + TURN
    // One of each slot in a round: a full one must not keep the others waiting.
    while (due.length > 0 && now() < until) due = due.filter(startOne)
    turning = false
    slowTurns = now() - began <= QUICK ? 0 : slowTurns + 1
    schedule()
  }

  /** True if the slot goes on. One without room goes on when a handler ends. */
  function startOne(slot: Slot<Task>): boolean {
    if (canStart(slot)) run(slot.queue.shift()!)
    slot.due = canStart(slot)
    return slot.due
  }
}
