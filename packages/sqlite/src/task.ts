import type { Json } from '@postern/core'
import type { Claim, EventRecord, Outcome, Slot, StoredDelivery } from '@postern/core/inbox'
import type { Attempt } from './settle.ts'

/** A claimed task of this process, for the runner. Both places that make it use one order of members: one hidden class. */
export interface Running extends Attempt {
  readonly slot: Slot<Running>
  /** Known once it is stored, before the commit. */
  id: number
  readonly subscription: string
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly eventRecord: EventRecord
  readonly delivery: StoredDelivery
  /** Lets the next suspect run, if this one is a suspect. */
  readonly free: (() => void) | undefined
  /** Its lease, once it is committed. */
  lease: Lease | undefined
  /** When it started, on the receiver's stopwatch. */
  started: number
  place: number
  over: boolean
  committed: Outcome | undefined
}

/** The right of this process to run a task. It holds no payload: a Map can keep dropped values alive for long. */
export interface Lease {
  readonly id: number
  readonly token: number
  /** When it was renewed, in milliseconds since 1970. */
  leased: number
}

/** The claim of a task, for its handler. */
export function claimOf(task: Running, commit: NonNullable<Claim['commit']>): Claim {
  const { id, subscription, part, data, eventRecord: event, delivery, number: attempt } = task
  return { id: String(id), subscription, part, data, event, delivery, attempt, commit }
}
