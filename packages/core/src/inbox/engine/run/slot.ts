import { claimedRoom } from '../../../basics/room.ts'
import type { Consumer, Lane } from '../../inbox.ts'
import { afterReplies, soon } from '../../../basics/deadline.ts'

/** A subscription in this process, and the tasks of it that this process holds. */
export interface Slot<Task> {
  readonly lane: Lane
  /** Names its tasks were stored under: its own first, then former ones. */
  readonly names: readonly string[]
  /** Claimed tasks that have not started. */
  readonly queue: Task[]
  /** Claimed tasks, started or not, and those that a claim may bring. */
  claimed: number
  /** Handlers that run. */
  running: number
  /** Milliseconds an attempt takes: a mean in which the last ones count most. */
  pace: number
  /** Bytes of memory that an event of its tasks takes once it is decoded: of the largest of late. 0 before the first. */
  weight: number
  /** True if ready tasks may be in the store. A claim that found fewer than it had room for sets it to false. */
  backlog: boolean
  /**
   * True while the slot claims nothing ahead. Set by the inbox if a task is due that may only start at once: tasks
   * claimed ahead would never leave a place for it. To be set back when no such task was found.
   */
  lean: boolean
  /** Kept by the runner: true if the slot has a place in the next turn. */
  due: boolean
}

/**
 * How far ahead quick handlers get tasks, so that one transaction is shared by more of them: as many as end within
 * `time` milliseconds, and at most `most`. Slow handlers get none: no other process can run the tasks that wait here.
 */
export interface Ahead {
  readonly time: number
  readonly most: number
  /** Fills a slot only when it is half empty, so that a fetch is worth its round trip. @default false */
  readonly half?: boolean
  /**
   * Claims take one half of a quick slot, and new tasks that are stored as claimed the other, also while older ones wait:
   * else all tasks of a flood would be stored, and read again, for as long as it lasts. @default false
   */
  readonly share?: boolean
}

/** The slots of a receiver. */
export interface Slots<Task> {
  readonly all: () => readonly Slot<Task>[]
  /** The slot of a subscription, by its own or a former name. */
  readonly find: (subscription: string) => Slot<Task> | undefined
  /** How many more tasks a slot may claim. */
  readonly roomOf: (slot: Slot<Task>) => number
  /** True if a task that is being stored may be claimed by that. */
  readonly takes: (slot: Slot<Task>) => boolean
  /** True if a claim would bring tasks worth their round trip. */
  readonly isHungry: (slot: Slot<Task>) => boolean
  /** Counts claims before they are made; a negative number releases what did not start. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Notes how much memory the event of a task takes. */
  readonly learn: (slot: Slot<Task>, weight: number) => void
  /** A claim that started is over. */
  readonly release: (slot: Slot<Task>) => void
  /** Lets no more than that many tasks start from now on. */
  readonly limit: (count: number) => void
  /** Claims that have not ended. */
  readonly claimed: () => number
}

// What an event is taken for before one was seen: a body of the usual limit.
const UNSEEN = 8 * 1024 * 1024
// The weight of an event that is lighter than the ones before. Backlogs are mixed: heavy ones count for the next hundred.
const LIGHTER = 0.02
// The least milliseconds an attempt counts: a pace of 0 would claim all tasks at once.
const LEAST_PACE = 0.01

/** Makes the slots. Subscriptions may come later: lanes are asked for each time. `look`: a slot may have room in memory again. */
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

  /** Tasks that memory has room for. A slot that holds none has one: no subscription waits for the handlers of another. */
  function fitting({ claimed: held, queue, running, weight }: Slot<Task>): number {
    const reserved = held - queue.length - running
    const room = claimedRoom.count(Math.max(1, weight || UNSEEN)) - reserved
    if (room <= 0) claimedRoom.freed(look)
    return Math.max(room, held === 0 ? 1 : 0)
  }

  /** Of slow handlers the older tasks go first. */
  function shares({ lane, lean }: Slot<Task>, capacity: number): boolean {
    return ahead.share === true && !lean && capacity > lane.concurrency
  }

  function capacityOf({ lane, pace, lean }: Slot<Task>): number {
    if (lean) return lane.concurrency
    const quick = Math.floor((ahead.time * lane.concurrency) / Math.max(pace, LEAST_PACE))
    return Math.max(lane.concurrency, Math.min(ahead.most, quick))
  }
}

/** How many tasks would start at once. Of those that failed or were interrupted no more are claimed. */
export function startable({ lane, claimed }: Slot<unknown>): number {
  return lane.concurrency - claimed
}

/** True if a claimed task may start. */
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
    // Nothing is claimed ahead before the pace is known.
    pace: Infinity,
    weight: 0,
    backlog: true,
    lean: false,
    due: false,
  }
}

/** Starts claimed tasks in turns of the event loop, so that no handler delays a reply. */
interface Ticks<Task> {
  /** Gives a slot its share of the next turn. */
  readonly offer: (slot: Slot<Task>) => void
  /** Starts what a slot has room for, without waiting for a turn. Nothing inside a turn, which continues by itself. */
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
// A turn that takes more milliseconds is slow. A collection or a neighbor makes one slow now and then: only handlers make two in
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

  /** True if the slot continues. One without room continues when a handler ends. */
  function startOne(slot: Slot<Task>): boolean {
    if (canStart(slot)) run(slot.queue.shift()!)
    slot.due = canStart(slot)
    return slot.due
  }
}
