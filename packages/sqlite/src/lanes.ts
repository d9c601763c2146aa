import type { Json } from '@postern/core'
import type { Consumer, EventRecord, Lane, StoredDelivery } from '@postern/core/inbox'
import type { Running } from './store.ts'
import type { Tally } from './tally.ts'

/** The lanes of a receiver in this process: which tasks it may claim, and how many more. */
export interface Lanes {
  /** Takes room in a subscription's slot for a new task; undefined where older tasks go first or there is none. */
  slot(subscription: string): Slot | undefined
  /** Hands claimed tasks over to run, in the next turn of the event loop. */
  start(claimed: readonly Claimed[]): void
  /** Gives the room back of what was not claimed after all. */
  cancel(claimed: readonly Claimed[]): void
  /** A task of the subscription became ready: look for it. */
  ready(subscription: string): void
  /** Numbers of the lanes that share order keys with the subscription: those of its former names. */
  sharing(subscription: string, lane: number): readonly number[]
  /** A subscription, by its name or a former one. */
  policy(subscription: string): Lane | undefined
  /** Slots of all subscriptions. */
  all(): readonly Slot[]
}

/** A subscription in this process. */
export interface Slot {
  readonly lane: Lane
  /** Attempts that have not started. */
  queue: Running[]
  /** Claimed tasks, started or not. */
  claimed: number
  /** Attempts that run. */
  running: number
  /** How long an attempt takes, in milliseconds: a mean in which the last ones count most. */
  pace: number
  /** True where ready tasks may be in the file. */
  backlog: boolean
}

// Quick handlers get tasks ahead, so that a transaction is shared by more of them: as many as end within this time, in
// milliseconds, and no more than this number. Slow ones get none, for what waits here no other process can run.
const AHEAD_TIME = 20
const AHEAD = 256

/** How many more tasks the slot may claim. */
export function roomOf({ lane, claimed, pace }: Slot): number {
  const ahead = Math.min(AHEAD, Math.floor((AHEAD_TIME * lane.concurrency) / Math.max(pace, 0.01)))
  return Math.max(lane.concurrency, ahead) - claimed
}

/** A task that was claimed in the transaction under way. */
export interface Claimed {
  readonly slot: Slot
  /** Known once it is stored, before the commit. */
  id: number
  readonly token: number
  readonly lane: number
  readonly orderKey: string | undefined
  readonly subscription: string
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly attempt: number
  /** Row of its tenant; 0 without one. */
  readonly tenant: number
  /** True if its row has neither an error nor interruptions. */
  readonly fresh: boolean
  /** Lets the next suspect run, if this one is a suspect. */
  readonly free: (() => void) | undefined
  /** Number of the event's row. */
  readonly eventRow: number
  /** Numbers of the lanes it shares its order key with. */
  readonly sharing: readonly number[]
  readonly event: EventRecord
  readonly delivery: StoredDelivery
}

/** What lanes need of their port. */
export interface LanesHost {
  readonly consumer: Consumer
  readonly tally: Tally
  /** True while this process runs tasks. */
  readonly active: () => boolean
  /** Asks for a claim in the transaction under way, or the next. */
  readonly wake: () => void
  readonly start: (claimed: readonly Claimed[]) => void
}

/** Makes the lanes of a receiver. */
export function createLanes({ consumer, tally, active, wake, start }: LanesHost): Lanes {
  const byName = new Map<string, Slot>()
  let slots: Slot[] = []
  let known = 0

  return { slot, start, cancel, ready, sharing, policy: (name) => find(name)?.lane, all }

  function slot(subscription: string): Slot | undefined {
    if (!active()) return undefined
    const found = find(subscription)
    if (!found) return undefined
    if (!found.backlog && roomOf(found) > 0) {
      found.claimed++
      return found
    }
    ready(subscription)
    return undefined
  }

  function cancel(claimed: readonly Claimed[]): void {
    for (const { slot: taken, free } of claimed) {
      taken.claimed--
      free?.()
    }
  }

  function ready(subscription: string): void {
    const found = find(subscription)
    if (!found) return
    found.backlog = true
    if (roomOf(found) > 0) wake()
  }

  function sharing(subscription: string, lane: number): readonly number[] {
    const found = find(subscription)
    if (!found || found.lane.formerly.length === 0) return [lane]
    return namesOf(found.lane).flatMap((name) => tally.find(consumer.receiver, name) ?? [])
  }

  function find(subscription: string): Slot | undefined {
    return all() && byName.get(subscription)
  }

  function all(): readonly Slot[] {
    const lanes = consumer.lanes()
    if (lanes.length !== known) {
      slots = lanes.map((lane) => byName.get(lane.name) ?? createSlot(lane))
      for (const each of slots) for (const name of namesOf(each.lane)) byName.set(name, each)
      known = lanes.length
    }
    return slots
  }
}

function createSlot(lane: Lane): Slot {
  // Nothing is claimed ahead before the pace is known.
  return { lane, queue: [], claimed: 0, running: 0, pace: Infinity, backlog: true }
}

/** Names whose tasks are the subscription's. */
export function namesOf(lane: Lane): readonly string[] {
  return [lane.name, ...lane.formerly]
}
