import { claimedRoom } from '../../../basics/room.ts'
import type { Consumer, Lane } from '../../inbox.ts'
import { afterReplies, soon } from '../../../basics/deadline.ts'

/** A slot: a subscription in this process, with its claimed tasks. */
export interface Slot<Task> {
  readonly lane: Lane
  /** Names under which tasks of the subscription were stored: first the current name, then previous names. */
  readonly names: readonly string[]
  /** Claimed tasks that have not started. */
  readonly queue: Task[]
  /** Number of claimed tasks that have not ended, plus the room reserved for tasks that a claim may bring. */
  claimed: number
  /** Number of running handlers. */
  running: number
  /** Mean duration of an attempt, in milliseconds. Recent attempts count most. */
  pace: number
  /** Memory of the largest recent event when decoded, in bytes. 0 before the first event. */
  weight: number
  /** True if the store may have ready tasks. False after a claim that found fewer tasks than it had room for. */
  backlog: boolean
  /**
   * True while the slot claims only tasks that can start immediately. This leaves room for interrupted tasks, which are
   * claimed only if they can start immediately.
   */
  lean: boolean
  /** Set by the runner: true if tasks of the slot are to start in the next turn of the event loop. */
  due: boolean
}

/**
 * How many tasks are claimed before they can start, so that more tasks share a transaction. For quick handlers: as many
 * as end within `time` milliseconds, at most `most`. For slow handlers: none, since no other process can run tasks that
 * wait here.
 */
export interface Ahead {
  readonly time: number
  readonly most: number
  /**
   * True if a claim needs a round trip. A slot then claims only when it is half empty. A quick slot keeps half of its
   * room for new tasks, which are stored as claimed even if older tasks wait. Otherwise, in a flood of deliveries, all
   * tasks would be stored and then read again.
   * @default false
   */
  readonly remote?: boolean
}

export interface Slots<Task> {
  readonly all: () => readonly Slot<Task>[]
  /** Returns the slot of a subscription, found by its current name or a previous one. */
  readonly find: (subscription: string) => Slot<Task> | undefined
  readonly roomOf: (slot: Slot<Task>) => number
  /** Returns true if a new task of the slot may be stored as claimed. */
  readonly takes: (slot: Slot<Task>) => boolean
  /** Returns true if the slot has enough room to be worth the round trip of a claim. */
  readonly isHungry: (slot: Slot<Task>) => boolean
  /** Reserves room for tasks that a claim may bring. If `count` is negative, releases room that no task has used. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Notes how much memory a task's event needs, in bytes. */
  readonly learn: (slot: Slot<Task>, weight: number) => void
  /** Notes that a started task has ended or was released. */
  readonly release: (slot: Slot<Task>) => void
  readonly limit: (count: number) => void
  readonly claimed: () => number
}

// Assumed memory of an event until a first event was seen, in bytes: a body of the usual maximum size.
const UNSEEN = 8 * 1024 * 1024
// A lighter event lowers `weight` by this share of the difference. So a heavy event affects about the next hundred
// events.
const LIGHTER = 0.02
// Minimum for `pace`, in milliseconds. With a pace of 0, a slot would claim the maximum at once.
const LEAST_PACE = 0.01

/** Makes the slots of a receiver. Subscriptions may be added later. `look` is called when memory becomes free. */
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
      if (ahead.remote && slot.queue.length > 0) return room >= capacityOf(slot) / 2
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

  /** An empty slot always has room for one task, so that each subscription can continue. */
  function fitting({ claimed: held, queue, running, weight }: Slot<Task>): number {
    const reserved = held - queue.length - running
    const room = claimedRoom.count(Math.max(1, weight || UNSEEN)) - reserved
    if (room <= 0) claimedRoom.freed(look)
    return Math.max(room, held === 0 ? 1 : 0)
  }

  /** Returns true if half of the slot is for new tasks. In a slot with slow handlers, older tasks go first. */
  function shares({ lane, lean }: Slot<Task>, capacity: number): boolean {
    return ahead.remote === true && !lean && capacity > lane.concurrency
  }

  function capacityOf({ lane, pace, lean }: Slot<Task>): number {
    if (lean) return lane.concurrency
    const quick = Math.floor((ahead.time * lane.concurrency) / Math.max(pace, LEAST_PACE))
    return Math.max(lane.concurrency, Math.min(ahead.most, quick))
  }
}

/** Returns how many more tasks can start immediately. A claim takes at most this number of interrupted tasks. */
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

/** Starts claimed tasks in separate turns of the event loop, so that handlers do not delay replies. */
interface Ticks<Task> {
  /** Adds a slot whose tasks start in the next turn of the event loop. */
  readonly offer: (slot: Slot<Task>) => void
  /**
   * Starts tasks of a slot now. Does nothing during a turn that starts tasks, since that turn continues with further
   * tasks.
   */
  readonly refill: (slot: Slot<Task>) => void
  /** Schedules the start of tasks again. Called if the platform may have canceled the scheduled start. */
  readonly wake: () => void
}

interface TicksParts<Task> {
  readonly begin: () => void
  readonly run: (task: Task) => void
  /** Returns milliseconds of a monotonic clock. @default performance.now() */
  readonly now?: () => number
  /**
   * True if new tasks start right after the replies to their deliveries, as long as handlers are quick.
   * @default in the next turn of the event loop
   */
  readonly early?: boolean
}

// Maximum time for starting tasks in one turn of the event loop, in milliseconds. So synchronous handlers do not delay
// requests for long.
const TURN = 4
// If starting tasks takes longer than QUICK milliseconds, the turn of the event loop is slow. Garbage collection can
// make a single turn slow, so handlers count as slow only after SLOW_TURNS slow turns in a row. Then tasks start only
// after all requests of the current turn have their replies.
const QUICK = 1
const SLOW_TURNS = 2

export function createTicks<Task>({
  begin,
  run,
  now = () => performance.now(),
  early = false,
}: TicksParts<Task>): Ticks<Task> {
  // Contains only slots with tasks, since a receiver may have thousands of subscriptions.
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
      // If a task runs immediately, its objects are short-lived. For events of 100 KB, this saves a third of CPU time.
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
    // Each pass of this loop starts one task of each slot, so that a full slot does not keep others waiting.
    let time = began
    for (; due.length > 0 && time < until; time = now()) due = due.filter(startOne)
    turning = false
    slowTurns = time - began <= QUICK ? 0 : slowTurns + 1
    schedule()
  }

  /** Starts one task of the slot. Returns true if another task can start now, before a handler has ended. */
  function startOne(slot: Slot<Task>): boolean {
    if (canStart(slot)) run(slot.queue.shift()!)
    slot.due = canStart(slot)
    return slot.due
  }
}
