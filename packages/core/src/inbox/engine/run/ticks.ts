import { canStart, type Slot } from './slot.ts'
import { soon } from '../../../basics/soon.ts'

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
}

// Milliseconds for which one turn may start tasks, so that synchronous handlers leave room for requests.
const TURN = 4

/** Makes the turns. */
export function createTicks<Task>({
  begin,
  run,
  now = () => performance.now(),
}: TicksParts<Task>): Ticks<Task> {
  // Only slots with tasks: a receiver may have thousands of subscriptions.
  let due: Slot<Task>[] = []
  let scheduled = false
  let turning = false

  return {
    offer(slot) {
      if (!slot.due) {
        slot.due = true
        due.push(slot)
      }
      schedule()
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

  function schedule(): void {
    if (scheduled || due.length === 0) return
    scheduled = true
    soon(turn)
  }

  function turn(): void {
    scheduled = false
    turning = true
    begin()
    const until = now() + TURN
    // One of each slot in a round: a full one must not keep the others waiting.
    while (due.length > 0 && now() < until) due = due.filter(startOne)
    turning = false
    schedule()
  }

  /** True if the slot goes on. One without room goes on when a handler ends. */
  function startOne(slot: Slot<Task>): boolean {
    if (canStart(slot)) run(slot.queue.shift()!)
    slot.due = canStart(slot)
    return slot.due
  }
}
