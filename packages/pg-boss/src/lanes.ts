import type { Json } from '@postern/core'
import type { Consumer, EventRecord, Lane, Outcome, StoredDelivery } from '@postern/core/inbox'
import { queueNameOf } from './ids.ts'

/** The subscriptions of a receiver in this process: which tasks it may claim, and how many more. */
export interface Lanes {
  all(): readonly Slot[]
  /** The slot of a queue, and the name of the subscription that the queue has. */
  of(queue: string): { readonly slot: Slot; readonly subscription: string } | undefined
  /** Queue under whose name the tasks of a queue stand in line: that of the subscription's present name. */
  readonly lineOf: (queue: string) => string
}

/** A subscription in this process. */
export interface Slot {
  readonly lane: Lane
  /** Its queues: that of its name first, then those of the names it had. */
  readonly queues: readonly string[]
  /** Claimed tasks that have not started. */
  queue: Claimed[]
  /** Claimed tasks, started or not, and those that a fetch under way may bring. */
  claimed: number
  /** Attempts that run. */
  running: number
  /** How long an attempt takes, in milliseconds: a mean in which the last ones count most. */
  pace: number
}

/** A task this process has claimed. */
export interface Claimed {
  readonly slot: Slot
  readonly id: string
  /** Name of its queue in pg-boss. */
  readonly queue: string
  readonly subscription: string
  /** Count of pg-boss for this claim: it fences. */
  readonly retryCount: number
  readonly base: number
  /** When it was claimed or renewed, in milliseconds since 1970. */
  leased: number
  /** Id of its order key. */
  readonly order: string | undefined
  /** Id of its fair key. */
  readonly fair: string | undefined
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly eventId: string
  readonly delivery: StoredDelivery
  /** Set if it is a suspect: lets the next one run. */
  readonly free: (() => void) | undefined
  /** Set if a drain claimed it. */
  readonly drain: Drain | undefined
}

/** What a drain hears of the tasks it claimed. */
export interface Drain {
  readonly signal: AbortSignal
  started(): void
  /** Once for each task, when it is stored: with its outcome if that counts. */
  ended(kind: Outcome['kind'] | undefined): void
}

/** Attempt a claim is: those that did not count are left out. */
export function attemptOf({ retryCount, base }: Claimed): number {
  return retryCount - base + 1
}

// Quick handlers get tasks ahead, so that a statement is shared by more of them: as many as end within this time, in
// milliseconds, and no more than this number. Slow ones get none, for what waits here no other process can run.
const AHEAD_TIME = 100
const AHEAD = 400

/** How many tasks the slot may hold. */
export function capacityOf({ lane, pace }: Slot): number {
  const ahead = Math.min(AHEAD, Math.floor((AHEAD_TIME * lane.concurrency) / Math.max(pace, 0.1)))
  return Math.max(lane.concurrency, ahead)
}

/** Makes the lanes of a receiver. */
export function createLanes(consumer: Consumer): Lanes {
  const { receiver } = consumer
  const byName = new Map<string, Slot>()
  const byQueue = new Map<string, { slot: Slot; subscription: string }>()
  let slots: Slot[] = []
  let known = 0

  return {
    all,
    of(queue) {
      all()
      return byQueue.get(queue)
    },
    lineOf(queue) {
      all()
      return byQueue.get(queue)?.slot.queues[0] ?? queue
    },
  }

  function all(): readonly Slot[] {
    const lanes = consumer.lanes()
    if (lanes.length === known) return slots
    slots = lanes.map((lane) => byName.get(lane.name) ?? createSlot(receiver, lane))
    for (const slot of slots) {
      byName.set(slot.lane.name, slot)
      const names = [slot.lane.name, ...slot.lane.formerly]
      slot.queues.forEach((queue, at) => byQueue.set(queue, { slot, subscription: names[at]! }))
    }
    known = lanes.length
    return slots
  }
}

function createSlot(receiver: string, lane: Lane): Slot {
  return {
    lane,
    queues: [lane.name, ...lane.formerly].map((name) => queueNameOf(receiver, name)),
    queue: [],
    claimed: 0,
    running: 0,
    // Nothing is claimed ahead before the pace is known.
    pace: Infinity,
  }
}
