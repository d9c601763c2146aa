import { claimedRoom } from '../../../basics/room.ts'
import type { Consumer, Lane } from '../../inbox.ts'
import { afterReplies, soon } from '../../../basics/deadline.ts'

/** A subscription in this process, with its claimed tasks. */
export interface Slot<Task> {
  readonly lane: Lane
  /** Names under which its tasks were stored: the current one first, then previous ones. */
  readonly names: readonly string[]
  /** Claimed tasks that have not started. */
  readonly queue: Task[]
  /** Number of claimed tasks, started or not, and of tasks that a claim may bring. */
  claimed: number
  /** Number of running handlers. */
  running: number
  /** Mean milliseconds of an attempt; recent attempts count most. */
  pace: number
  /** Bytes of memory of a decoded event: the largest of recent ones. 0 before the first. */
  weight: number
  /** True if the store may have ready tasks. A claim that found fewer tasks than it had room for sets it to false. */
  backlog: boolean
  /** True while the slot claims nothing ahead, to leave places for due tasks that must start at once. */
  lean: boolean
  /** Kept by the runner: true if the slot has a place in the next turn. */
  due: boolean
}

/**
 * How far ahead quick handlers get tasks, so that more tasks share a transaction: as many as end within `time`
 * milliseconds, at most `most`. Slow handlers get none, since no other process can run the tasks that wait here.
 */
export interface Ahead {
  readonly time: number
  readonly most: number
  /** Fills a slot only when it is half empty, so that a claim is worth its round trip. @default false */
  readonly half?: boolean
  /**
   * Gives one half of a quick slot to claims, and the other to new tasks that are stored as claimed, even if older ones
   * wait. Otherwise all tasks of a flood would be stored and read again.
   * @default false
   */
  readonly share?: boolean
}

export interface Slots<Task> {
  readonly all: () => readonly Slot<Task>[]
  /** Returns the slot of a subscription, by its current or a previous name. */
  readonly find: (subscription: string) => Slot<Task> | undefined
  /** Returns how many more tasks a slot may claim. */
  readonly roomOf: (slot: Slot<Task>) => number
  /** Returns true if a task may be stored as claimed. */
  readonly takes: (slot: Slot<Task>) => boolean
  /** Returns true if a claim would be worth its round trip. */
  readonly isHungry: (slot: Slot<Task>) => boolean
  /** Counts claims before they are made. A negative number releases what did not start. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Notes how much memory the event of a task needs. */
  readonly learn: (slot: Slot<Task>, weight: number) => void
  /** Notes the end of a started claim. */
  readonly release: (slot: Slot<Task>) => void
  /** Limits how many tasks may start from now on. */
  readonly limit: (count: number) => void
  readonly claimed: () => number
}

// Weight of an event before one was seen: a body of the usual limit.
const UNSEEN = 8 * 1024 * 1024
// Share by which a lighter event lowers the weight: a heavy event affects about the next hundred.
const LIGHTER = 0.02
// Minimum milliseconds of an attempt: with a pace of 0 a slot would claim all tasks at once.
const LEAST_PACE = 0.01

/** Makes the slots. Subscriptions may be added later. `look` is called when memory becomes free. */
export function createSlots<Task>(consumer: Consumer, ahead: Ahead, look: () => void): Slots<Task> {
  const byName = new Map<string, Slot<Task>>()
  let slots: readonly Slot<Task>[] = []
  let known = 0
  let claimed = 0
  let budget = Infinity

  return {
    all,
    find: (subscription) => (all(), byName.get(subscription)),
    roomOf(slot) {
      const capacity = capacityOf(slot)
      const most = shares(slot, capacity) ? Math.ceil(capacity / 2) : capacity
      return Math.min(capacity - slot.claimed, most, budget, fitting(slot))
    },
    takes(slot) {
      const capacity = capacityOf(slot)
      const room = Math.min(capacity - slot.claimed, budget, fitting(slot))
      return room > 0 && (!slot.backlog || (shares(slot, capacity) && room > capacity / 4))
    },
    isHungry(slot) {
      if (!slot.backlog || budget <= 0) return false
      const room = Math.min(capacityOf(slot) - slot.claimed, fitting(slot))
      if (ahead.half && slot.queue.length > 0) return room >= capacityOf(slot) / 2
      return room > 0
    },
    reserve(slot, count) {
      slot.claimed += count
      claimed += count
      budget -= count
    },
    learn(slot, weight) {
      const { weight: before } = slot
      slot.weight = Math.max(weight, before + (weight - before) * (before === 0 ? 1 : LIGHTER))
    },
    release(slot) {
      slot.claimed--
      claimed--
    },
    limit: (count) => void (budget = count),
    claimed: () => claimed,
  }

  function all(): readonly Slot<Task>[] {
    const lanes = consumer.lanes()
    if (lanes.length === known) return slots
    known = lanes.length
    slots = lanes.map((lane) => byName.get(lane.name) ?? createSlot(lane))
    for (const slot of slots) for (const name of slot.names) byName.set(name, slot)
    return slots
  }

  /** Returns how many tasks fit into memory. An empty slot always has room for one, so that no subscription starves. */
  function fitting({ claimed: held, queue, running, weight }: Slot<Task>): number {
    const reserved = held - queue.length - running
    const room = claimedRoom.count(Math.max(1, weight || UNSEEN)) - reserved
    if (room <= 0) claimedRoom.freed(look)
    return Math.max(room, held === 0 ? 1 : 0)
  }

  /** Slow handlers run older tasks first. */
  function shares({ lane, lean }: Slot<Task>, capacity: number): boolean {
    return ahead.share === true && !lean && capacity > lane.concurrency
  }

  function capacityOf({ lane, pace, lean }: Slot<Task>): number {
    if (lean) return lane.concurrency
    const quick = Math.floor((ahead.time * lane.concurrency) / Math.max(pace, LEAST_PACE))
    return Math.max(lane.concurrency, Math.min(ahead.most, quick))
  }
}

/** Returns how many tasks would start at once: the limit for tasks that failed or were interrupted. */
export function startable({ lane, claimed }: Slot<unknown>): number {
  return lane.concurrency - claimed
}

function canStart({ queue, running, lane }: Slot<unknown>): boolean {
  return queue.length > 0 && running < lane.concurrency
}

function createSlot<Task>(lane: Lane): Slot<Task> {
  return {
    lane,
    names: [lane.name, ...lane.previousNames],
    queue: [],
    claimed: 0,
    running: 0,
    pace: Infinity,
    weight: 0,
    backlog: true,
    lean: false,
    due: false,
  }
}

/** Starts claimed tasks in turns of the event loop, so that no handler delays a reply. */
interface Ticks<Task> {
  /** Adds a slot to the next turn. */
  readonly offer: (slot: Slot<Task>) => void
  /** Starts tasks of a slot without waiting for a turn. Does nothing inside a turn, which continues by itself. */
  readonly refill: (slot: Slot<Task>) => void
  /** Schedules another turn, since the last one may have been canceled. */
  readonly wake: () => void
}

interface TicksParts<Task> {
  readonly begin: () => void
  readonly run: (task: Task) => void
  /** Milliseconds of a monotonic clock. @default performance.now() */
  readonly now?: () => number
  /**
   * True if new tasks start right after the replies, while handlers are quick.
   * @default in the event loop's next round
   */
  readonly early?: boolean
}

// Milliseconds in which one turn may start tasks, so that synchronous handlers leave room for requests.
const TURN = 4
// A turn that takes longer than QUICK milliseconds is slow. Garbage collection makes single turns slow; two in a row
// mean slow handlers. Then tasks wait until all requests of a round have their replies.
const QUICK = 1
const SLOW_TURNS = 2

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
      // A task that runs at once leaves short-lived objects: a third less CPU at 100 KB.
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
    // One task of each slot per round, so that a full slot does not keep others waiting.
    while (due.length > 0 && now() < until) due = due.filter(startOne)
    turning = false
    slowTurns = now() - began <= QUICK ? 0 : slowTurns + 1
    schedule()
  }

  /** Returns true if the slot continues. Without room it continues when a handler ends. */
  function startOne(slot: Slot<Task>): boolean {
    if (canStart(slot)) run(slot.queue.shift()!)
    slot.due = canStart(slot)
    return slot.due
  }
}
